/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel keeps of the sysfs directories of disks that are gone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How many are noted at a time. */
#define LEFTOVERS_MAX 64

/* By then the kernel has removed them. */
#define LEFTOVERS_MS 20

struct leftovers {
	char *paths[LEFTOVERS_MAX]; /* below /sys */
	size_t n;
	uint64_t noted_at; /* now_ms(): the last of them */
};

/* The directory at this path is about to go. */
void leftovers_note(struct leftovers *leftovers, const char *path);

/* Has the kernel drop what it has cached of them, once they are gone: it does so when somebody
 * looks there again, some dozens of entries for a disk, and that would be when the next disk has
 * come there and the host waits for it. */
void leftovers_drop(struct leftovers *leftovers, int sysfd);

void leftovers_done(struct leftovers *leftovers);
