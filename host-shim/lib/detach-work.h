/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A detach under way: what its parts share. */
#pragma once

#include "domain.h"
#include "options.h"
#include "resolve.h"

struct detach {
	struct hotslot_domain *domain;
	struct hotslot_detach_options options;
	struct reference reference;
	uint64_t place;
	uint64_t wait_until; /* now_ms(): for a disk in use, in this turn or a later one */
	uint64_t turn_until;
	/* Which disk it is, from the first turn on: there may be another one in the next. */
	bool resolved;
	struct xml_disk disk;
	/* The same for its definition: see detach-config.c. */
	bool looked, in_definition;
	struct xml_disk defined;
};

static inline uint64_t detach_deadline(const struct detach *detach)
{
	return deadline_after(detach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
}

/* Where the running domain has no disk: outcomes of finding it. */
#define DETACH_ABSENT 1	     /* but the slot may be reserved, or the guest shows one still */
#define DETACH_CONFIG_ONLY 2 /* and there is nothing to be done */

/* Finds the disk that the reference names. Returns DETACH_ABSENT if the host has no disk there. */
int detach_find(struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error);

/* What was waited for, and no other, whatever its name means by now. */
int detach_find_again(
	struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error);

/* DISK of the running domain is the one to detach, if it may be touched. */
int detach_choose(struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error);

/* R is what came of finding the disk in the running domain, whose XML this is. Finds it in the
 * definition, too, and from there in the running domain if the reference is a name there alone.
 * Nothing has changed if that fails. */
int detach_find_both(
	struct detach *detach, const struct domain_xml *xml, int r, struct hotslot_error *error);

/* R is what came of detaching it from the running domain, with its error: if it is gone from there,
 * takes it out of the definition, too. HOTSLOT_ERROR_PARTIAL if that fails. */
int detach_finish_config(struct detach *detach, int r, struct hotslot_error *error);

/* The whole of a detach from the definition alone. */
int detach_config(struct detach *detach, struct hotslot_error *error);
