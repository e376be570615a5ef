/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks the root file system stands on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "view.h"

/* More disks than one root file system stands on in practice; past it, it is undecided. */
#define SYSTEM_DISKS_MAX 64

struct system_disks {
	bool undecided; /* then every disk counts as the system's */
	int error;	/* for lack of descriptors or memory: it may be decided later; else 0 */
	size_t n;
	dev_t devnums[SYSTEM_DISKS_MAX]; /* whole disks */
};

/* Finds the whole disks under the root file system of process 1 and of this process (they differ
 * in a container and between an initramfs and the system it has started): through partitions,
 * device-mapper, md, loop devices, overlay layers and btrfs members. Never fails: what cannot be
 * decided is undecided. */
void system_disks_find(const struct view *view, struct system_disks *ret);

bool system_disks_contain(const struct system_disks *disks, dev_t devnum);
