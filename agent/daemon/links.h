/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links under /dev/disk: made where the agent owns them, checked everywhere. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "disk.h"

/* "disk/by-serial/" with the longest name and "-part255". */
#define LINK_PATH_SIZE 288

enum link_tree {
	LINK_BY_SLOT,
	LINK_BY_SERIAL,
};

struct links {
	int dev;	     /* the directory, O_PATH */
	char directory[256]; /* its name, "/dev" */
	bool owner;	     /* whether the agent makes the links */
};

/* Opens DIRECTORY (NULL: /dev) for links; if OWNER, makes both trees in it. A /dev that is part of
 * the root file system is refused with -EROFS: links never touch that. */
int links_open(const char *directory, bool owner, struct links *ret);
void links_close(struct links *links);

/* The name of a disk's link relative to the directory, of the partition if it is not NULL. Returns
 * false if the disk has none of that kind: no slot, no serial. */
bool link_name(enum link_tree tree, const struct disk *disk, const struct partition *partition,
	char ret[LINK_PATH_SIZE]);

/* Makes the link, or puts it right in one step. Returns a negative errno. */
int links_make(const struct links *links, const char *name, const char *node);

/* Removes the link if it leads to NODE. */
void links_remove(const struct links *links, const char *name, const char *node);

/* Whether the link is there and its node is the device with this number. */
bool links_check(const struct links *links, const char *name, dev_t devnum);

/* Removes what is left in both trees of an agent before this one: every link for which KEEP says
 * no. NAME is relative to the directory. */
void links_prune(const struct links *links, bool (*keep)(void *data, const char *name), void *data);
