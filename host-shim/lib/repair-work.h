/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A repair that is under way, for repair*.c alone. */
#pragma once

#include "repair.h"

/* What one call leaves is one disk, or a handful; a guest that shows more lies. hotslot_repair()
 * does them all. */
#define REPAIR_BEGUN_MAX 64

struct repair {
	struct hotslot_domain *domain;
	struct domain_xml **xml;
	uint64_t deadline;
	bool whole; /* asked for by name: looks at every disk */
	hotslot_repair_fn fn;
	void *data;
	unsigned told;
	struct hotslot_error *problem; /* the first thing that could not be put right */
};

/* Tells what was put right. SLOT -1: it is about no slot. */
void repair_tell(struct repair *repair, int slot, const char *format, ...) _printf_(3, 4);

/* Remembers what could not be. Returns a negative errno, with *ERROR as it is, if there is no going
 * on; otherwise 0, and *ERROR is clear. */
int repair_failed(struct repair *repair, struct hotslot_error *error);

/* Whether we have attached it. */
bool repair_is_ours(const struct domain_xml *xml, const struct xml_disk *disk);

/* Whether the time is over: then that is remembered. */
bool repair_is_over(struct repair *repair);

/* Host and guest have the same disks in use, and know it. */
int repair_disks(struct repair *repair, struct hotslot_error *error);

/* The same of each disk of ours alone, as an appliance's that was being launched: all or an error.
 */
int repair_confirm(struct repair *repair, struct hotslot_error *error);
