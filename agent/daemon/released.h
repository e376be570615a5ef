/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that were released in this session, which the host unplugs: what came to their places. */
#pragma once

#include "disk.h"

struct released_disk;

struct released {
	struct released_disk *first;
};

/* DISK is released. Without memory it is not noted. */
void released_note(struct released *released, const struct disk *disk);

/* Whether a disk was released at PLACE, and its disk sequence number. */
bool released_find(const struct released *released, uint32_t place, uint64_t *ret_diskseq);

/* DISK is new in its place. Returns whether it is the one that was released there, deleted and
 * found again in this guest: it has its serial and size, and no other one came in between. */
bool released_note_new(struct released *released, const struct disk *disk);

/* It is in use again, or gone. */
void released_forget(struct released *released, uint32_t place);

void released_done(struct released *released);
