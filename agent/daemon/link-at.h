/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links in the trees of one directory, by its descriptor. Names are relative to it. In a mirror
 * somebody else may have made anything of the directories below it: none is entered through a
 * symbolic link (-ENOTDIR). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "disk.h"

/* "disk/by-serial/" with the longest name and "-part255". */
#define LINK_PATH_SIZE 288

enum link_tree {
	LINK_BY_SLOT,
	LINK_BY_SERIAL,
	LINK_TREES,
};

/* The name of a disk's link, of the partition if it is not NULL. Returns false if the disk has none
 * of that kind: no slot, no serial. */
bool link_name(enum link_tree tree, const struct disk *disk, const struct partition *partition,
	char ret[LINK_PATH_SIZE]);

/* Makes both trees, as far as they are missing. */
int link_make_trees_at(int dir);

/* Which directory it is, and its trees; zero where there is none. Another one in its place, mounted
 * over it or made anew, may have the number of the first, but its trees are not those of that. */
struct link_directories {
	struct {
		dev_t device;
		ino_t inode;
	} each[1 + LINK_TREES];
};

void link_identify_directories_at(int dir, struct link_directories *ret);

/* Makes the link, or puts it right in one step. Returns a negative errno. */
int link_make_at(int dir, const char *name, const char *node);

/* The node that the link leads to. False if it is none, or leads anywhere else. */
bool link_read_at(int dir, const char *name, char ret_node[DISK_NAME_SIZE]);

/* Removes the link if it leads to NODE; wherever it leads if that is NULL. */
void link_remove_at(int dir, const char *name, const char *node);

/* Whether the link is there and its node is the device with this number. */
bool link_check_at(int dir, const char *name, dev_t devnum);

/* What a link is pruned by. */
struct link_pruning {
	/* NODE: what it leads to; NULL if that is no node. */
	bool (*keep_link)(void *data, const char *name, const char *node);
	/* Whether a node is needed that a removed link led to; NULL: nodes are not ours. */
	bool (*keep_node)(void *data, const char *node);
	void *data;
};

/* Removes every link in both trees for which KEEP_LINK says no, and the nodes of disks that those
 * led to for which KEEP_NODE does. */
void link_prune_at(int dir, const struct link_pruning *pruning);
