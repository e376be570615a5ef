/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search for the disks that the root file system stands on: for its own files only. */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "mounts.h"
#include "system.h"

/* Layers of block devices and file systems under a root: LUKS on LVM on md on a partition is four.
 */
#define SYSTEM_DEPTH_MAX 16

/* Whose mounts are read. A process that was started in the initramfs still sees those that a switch
 * of the root has covered; they are in no other table. */
enum system_search_table { TABLE_INIT, TABLE_SELF, TABLES };

/* Where it looks and what it has found. What fails leaves it undecided; nothing more is to be found
 * out then: layers that lead to themselves would branch without end. */
struct system_search {
	const struct view *view;
	struct mounts tables[TABLES];
	size_t n_tables; /* 1 if both are the same */
	struct system_disks *disks;
	unsigned depth;
	dev_t mounted[SYSTEM_DEPTH_MAX]; /* what is being resolved, by depth; 0: no mount */
};

/* What a path is for: a layer of an overlay, or the file of a loop device. */
enum system_search_use { USE_LOWER, USE_UPPER, USE_FILE };

/* Leaves it undecided, for the reason R, a negative errno. */
void system_search_fail(struct system_search *search, int r);

/* One layer deeper, on the mount with this number (0: a device). False if that is too deep. */
bool system_search_enter(struct system_search *search, dev_t mounted);

/* Adds the whole disks under a mount. */
void system_search_mount(struct system_search *search, const struct mount *mount);

/* Adds the whole disks under what is at the LENGTH bytes of PATH. */
void system_search_path(
	struct system_search *search, const char *path, size_t length, enum system_search_use use);

/* Adds the whole disks under a block device. */
void system_search_devnum(struct system_search *search, dev_t devnum);

/* Adds those under each device that DIRECTORY/NAME of sysfs ("slaves", "devices") links to. Returns
 * how many devices there are, or a negative errno. */
int system_search_members(struct system_search *search, const char *directory, const char *name);
