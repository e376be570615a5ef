/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a reference to the disk that it names, for the calls that take one. */
#pragma once

#include "guest.h"

/* Where the disk is that a reference names. The guest is asked only for a serial; the place of a
 * slot may have no disk. In a session; XML is current. */
int resolve_place(struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, uint64_t deadline, uint64_t *ret,
	struct hotslot_error *error);

/* The disk at a place on the host, NULL if none. */
const struct xml_disk *resolve_host(const struct domain_xml *xml, uint64_t place);

/* Whether the disk may be touched: others' disks only if FOREIGN, or by their alias. */
int resolve_allow(const struct hotslot_domain *domain, const struct reference *reference,
	const struct xml_disk *disk, bool foreign, struct hotslot_error *error);

/* Sets the error that no disk is in a slot, or at the place of an unslotted disk. */
int resolve_empty(const struct hotslot_domain *domain, const struct domain_xml *xml, uint64_t place,
	struct hotslot_error *error);

/* Sets the error that the guest does not show the disk that the host has there, and fails: the
 * guest hides it, which is HOTSLOT_ERROR_PROTECTED, or does not see it. */
int resolve_unseen(const struct hotslot_domain *domain, const struct guest_hidden *hidden,
	uint64_t place, struct hotslot_error *error);

enum resolved {
	RESOLVED_AGAIN, /* it is there as it was */
	RESOLVED_GONE,	/* nothing is at its place, nor has its alias or its label */
};

/* Whether DISK is in XML as it was: an enum resolved, or HOTSLOT_ERROR_NO_DISK if another one has
 * its place, its alias or its label. */
int resolve_still(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct xml_disk *disk, struct hotslot_error *error);

/* Sets the error that another disk is there now. */
int resolve_changed(
	const struct hotslot_domain *domain, uint64_t place, struct hotslot_error *error);

/* Reads the live XML again before libvirt finds DISK by a label or an alias, which may be another's
 * by now: then HOTSLOT_ERROR_NO_DISK. Returns an enum resolved. */
int resolve_again(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error);
