/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether disks may meet in a domain, by their labels.
 *
 * Each label that a domain has ever held is kept in its metadata. Disks without one are nobody's,
 * which counts as one more label, but not before the domain has a label: domains without any cost
 * nothing.
 */
#pragma once

#include "domain.h"

/* HOTSLOT_ERROR_LABEL unless a disk of LABEL, NULL: nobody's, may come to what HELD says there was
 * in domain NAME. */
int isolate_refuse(const char *name, const struct label_set *held, const char *label,
	struct hotslot_error *error);

/* The same of a domain: what its metadata says, and disks that are there and have none. */
int isolate_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *label, struct hotslot_error *error);

/* What was written to the metadata for a disk that is to come. */
struct isolation {
	struct label_set live, config;
	size_t defined; /* the disks of the configuration, if something was written to that */
};

/* Writes it down, of a persistent domain to its configuration first, which then has what the
 * running domain has. Nothing is asked about a disk without a label in a domain without any. Adds
 * to *RECORDED. In a call, with the session held. */
int isolate_record(struct hotslot_domain *domain, const struct domain_xml *xml, const char *label,
	struct isolation *recorded, struct hotslot_error *error);

/* The same for a disk that comes to the configuration alone, whose XML this is. */
int isolate_record_config(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *label, struct isolation *recorded, struct hotslot_error *error);

/* Adds to the configuration of a persistent domain what the running domain has alone. *ret_mended:
 * something was missing there. Likewise in a call. */
int isolate_mend(struct hotslot_domain *domain, const struct domain_xml *xml, bool *ret_mended,
	struct hotslot_error *error);

/* The inverse, for a disk that never came. Fails if another disk has come to the configuration
 * since: nothing was written for that one any more. */
int isolate_forget(struct hotslot_domain *domain, const struct isolation *recorded,
	struct hotslot_error *error);
