/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks as one who watches knows them, and what there is to tell of them. Pure. */
#pragma once

#include "guest.h"

/* Host and guest see a disk come and go at moments of their own, some 100 ms apart under TCG. What
 * only one of them shows is told when it has been so for this long, and a fresh look has shown it
 * again. */
#define WATCH_SETTLE_MS 1000

/* A place with a disk. */
struct watch_entry {
	uint64_t place;
	struct record *guest; /* what the guest says, without the host's; NULL: not visible */
	struct record *told;  /* what was told last; NULL: nothing yet */
	struct record *now;   /* what is to be told, while watch_model_tell() works */
	unsigned boot;	      /* of the guest, when it was told */
	uint64_t odd;	      /* since when host and guest do not agree; 0: they do */
	bool looked;	      /* afresh, because of that */
	bool dirty;	      /* there may be something to tell */
};

struct watch_model {
	struct watch_entry *entries; /* in the order of their places */
	size_t count, room;
	size_t memory; /* of what the guest says */
	struct domain_xml *xml;
	struct guest_hidden hidden;
	unsigned boot; /* counts the guest's boots */
	bool begun;    /* the first inventory was told */
	bool look;     /* only a new inventory can tell what is so */
};

/* Takes what there is: all that the guest shows and the XML that goes with it, which it takes over
 * in any case. REBOOTED: since the inventory before. -ENOMEM, as the next ones. */
int watch_model_take_inventory(struct watch_model *model, struct record **records, size_t count,
	const struct guest_hidden *hidden, struct domain_xml *xml, bool rebooted);

/* The XML as it is now; takes it over. */
int watch_model_take_xml(struct watch_model *model, struct domain_xml *xml);

/* The guest's events, in their order: a disk came or changed (takes it over in any case; -E2BIG if
 * it is more than a guest has to say), or is gone. */
int watch_model_take_disk(struct watch_model *model, struct record *record);
void watch_model_take_removal(
	struct watch_model *model, uint64_t place, uint64_t diskseq, int64_t seq);

/* Host and guest get the time that they need to agree anew: there was nobody to be asked. */
void watch_model_settle(struct watch_model *model);

/* Whether all that host and guest did not agree on at SINCE, a time of watch_model_tell(), was told
 * if it is so. */
bool watch_model_is_settled(const struct watch_model *model, uint64_t since);

/* Tells all that has changed: KIND is DISK, ADDED, CHANGED or REMOVED. What FN returns that is not
 * 0 ends it and is returned; the rest is told the next time. *RET_AGAIN is when there may be more
 * to tell although nothing happens. */
typedef int (*watch_tell_fn)(
	void *data, enum hotslot_watch_kind kind, const struct hotslot_disk *disk);
int watch_model_tell(
	struct watch_model *model, uint64_t now, watch_tell_fn fn, void *data, uint64_t *ret_again);

void watch_model_done(struct watch_model *model);
