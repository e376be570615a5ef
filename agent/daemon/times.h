/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a disk came, moment by moment, for who asks where the time has gone. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* By now_us(), in the order in which they come; 0: not known. */
struct times {
	uint64_t expected; /* the host asked for the disk, before it came */
	uint64_t kernel;   /* the agent has heard of it from the kernel */
	uint64_t udev;	   /* and that udevd is through with it; only where udevd makes the links */
	uint64_t link;	   /* its links were made, or seen to be right */
	uint64_t report;   /* the session of that time was told of it */
};

/* Sets a moment to now, unless it is known already. */
void times_note(uint64_t *moment);

/* The links are there, which is news of a disk whose coming was heard of. ASKED is when a request
 * that waits for them came: of one that came before the disk, it is when that was expected. */
void times_note_links(struct times *times, uint64_t asked);

/* Adds the member "times" to a record, and "clock" to the answer to a request that came at ASKED,
 * as agent/PROTOCOL.md has them. Both take NULL and return NULL, and drop the reference and return
 * NULL without memory. */
json_t *times_add(json_t *record, const struct times *times);
json_t *times_add_clock(json_t *answer, uint64_t asked);
