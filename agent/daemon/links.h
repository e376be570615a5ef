/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links under /dev/disk and in mirrors of it: made where the agent owns them, checked
 * everywhere. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "link-at.h"
#include "mirror.h"

/* Each mirror costs a few system calls for each link; a guest has a chroot or two. */
#define MIRRORS_MAX 8

struct links {
	int dev;	     /* the directory, O_PATH */
	char directory[256]; /* its name, "/dev" */
	bool owner;	     /* whether the agent makes the links there */
	struct mirror *mirrors[MIRRORS_MAX];
	size_t n_mirrors;
};

/* Opens DIRECTORY (NULL: /dev) for links. A /dev that is part of the root file system is refused
 * with -EROFS if OWNER: links never touch that. */
int links_open(const char *directory, bool owner, struct links *ret);
void links_close(struct links *links);

/* Adds a directory that has the same links whenever it is there. Returns -E2BIG or -ENOMEM. */
int links_add_mirror(struct links *links, const char *directory);

/* Makes the trees, if they are the agent's. */
int links_make_trees(const struct links *links);

/* Whether all links are to be made, as a mirror is another directory than at the last look, or none
 * any more; if AGAIN, also as something has failed in one. */
bool links_look_at_mirrors(const struct links *links, bool again);

/* Makes the link, or puts it right in one step; in the mirrors first. Where udevd owns the links,
 * the mirrors get what it has made, and lose what it has not. Returns a negative errno if the link
 * itself fails; what fails in a mirror is logged there. */
int links_make(const struct links *links, const char *name, const char *node, dev_t devnum);

/* Removes the link if it leads to NODE; from the mirrors last, where it may lead anywhere. */
void links_remove(const struct links *links, const char *name, const char *node);

/* Gives the node in the mirrors the mode and owner that it has got. */
void links_refresh_node(const struct links *links, const char *node, dev_t devnum);

/* Removes the node of a disk or partition that is gone from the mirrors. */
void links_remove_node(const struct links *links, const char *node, dev_t devnum);

/* Whether the link is there, in each mirror that is, too, and its node is the device with this
 * number. */
bool links_check(const struct links *links, const char *name, dev_t devnum);

/* Removes what is left of an agent before this one. */
void links_prune(const struct links *links, const struct link_pruning *pruning);
