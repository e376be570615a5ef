/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the events of a session told of the guest's disks. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct disks_told {
	json_int_t last_seq;
	bool missed;		   /* an event */
	json_int_t highest;	   /* place of a disk, -1: none */
	json_int_t place, diskseq; /* of the disk that was told of last, or -1 */
	json_int_t vacant;	   /* the place of that one when it had gone, or -1 */
};

/* At the begin of a session. */
void disks_told_reset(struct disks_told *told);

/* Takes the next event, a whole frame. Returns false if others are missing before it. */
bool disks_told_take(struct disks_told *told, const json_t *event);

/* Whether the events, all of which have come, told of no disk at this place or above. */
bool disks_told_is_clear(const struct disks_told *told, json_int_t place);

/* Whether they told that the disk at this place has gone, and of no other since. */
bool disks_told_is_vacant(const struct disks_told *told, json_int_t place);

/* An answer told of a disk at this place: the event may come after it. */
void disks_told_set_taken(struct disks_told *told, json_int_t place);
