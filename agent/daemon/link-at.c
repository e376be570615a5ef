/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links in the trees of one directory, by its descriptor. */
#include "link-at.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

static const char *const trees[] = {
	[LINK_BY_SLOT] = "disk/by-slot",
	[LINK_BY_SERIAL] = "disk/by-serial",
};

/* From a tree back to the directory of the nodes. */
#define UPWARDS "../../"

/* Room for the text of a link of ours. */
#define TARGET_SIZE (DISK_NAME_SIZE + sizeof(UPWARDS))

/* Where a link is made before it is moved over the wrong one. */
#define ASIDE "disk/.hotslot"

bool link_name(enum link_tree tree, const struct disk *disk, const struct partition *partition,
	char ret[LINK_PATH_SIZE])
{
	char suffix[16] = "";

	if (partition)
		snprintf(suffix, sizeof(suffix), "-part%u", partition->number);
	if (tree == LINK_BY_SLOT) {
		if (disk->status != DISK_SLOTTED)
			return false;
		snprintf(ret, LINK_PATH_SIZE, "%s/%u%s", trees[tree], disk->slot, suffix);
	} else {
		if (!*disk->serial)
			return false;
		snprintf(ret, LINK_PATH_SIZE, "%s/%s%s", trees[tree], disk->serial, suffix);
	}
	return true;
}

int link_make_trees_at(int dir)
{
	if (mkdirat(dir, "disk", 0755) < 0 && errno != EEXIST)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (mkdirat(dir, trees[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

/* Reads where a link leads. False if it is none, or too long to be ours. */
static bool read_target(int dir, const char *name, char ret[TARGET_SIZE])
{
	ssize_t n = readlinkat(dir, name, ret, TARGET_SIZE);

	if (n < 0 || n == (ssize_t)TARGET_SIZE)
		return false;
	ret[n] = '\0';
	return true;
}

static bool leads_to(int dir, const char *name, const char *target)
{
	char found[TARGET_SIZE];

	return read_target(dir, name, found) && !strcmp(found, target);
}

int link_make_at(int dir, const char *name, const char *node)
{
	char target[TARGET_SIZE];

	snprintf(target, sizeof(target), UPWARDS "%s", node);
	if (symlinkat(target, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (leads_to(dir, name, target))
		return 0;
	/* There is a link at every moment. */
	unlinkat(dir, ASIDE, 0);
	if (symlinkat(target, dir, ASIDE) < 0)
		return -errno;
	if (renameat(dir, ASIDE, dir, name) < 0) {
		int r = -errno;

		unlinkat(dir, ASIDE, 0);
		return r;
	}
	return 0;
}

void link_remove_at(int dir, const char *name, const char *node)
{
	char target[TARGET_SIZE];

	snprintf(target, sizeof(target), UPWARDS "%s", node);
	if (leads_to(dir, name, target))
		unlinkat(dir, name, 0);
}

bool link_check_at(int dir, const char *name, dev_t devnum)
{
	struct stat st;

	/* Through the link, to the node. */
	return fstatat(dir, name, &st, 0) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == devnum;
}

/* Removes the node that a removed link led to: a SCSI disk's, which our links lead to only. */
static void prune_node(int dir, const char *target, const struct link_pruning *pruning)
{
	const char *node = target + strlen(UPWARDS);
	struct stat st;

	if (!strncmp(target, UPWARDS "sd", strlen(UPWARDS "sd")) && !strchr(node, '/') &&
		!pruning->keep_node(pruning->data, node) &&
		fstatat(dir, node, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(st.st_mode))
		unlinkat(dir, node, 0);
}

static void prune_link(int dir, const char *name, const struct link_pruning *pruning)
{
	char target[TARGET_SIZE];
	bool ours = read_target(dir, name, target);

	unlinkat(dir, name, 0);
	if (ours && pruning->keep_node)
		prune_node(dir, target, pruning);
}

static void prune_tree(int dir, const char *tree, const struct link_pruning *pruning)
{
	_cleanup_closedir_ DIR *links = open_directory_at(dir, tree);
	struct dirent *entry;

	while (links && (entry = readdir(links))) {
		char name[NAME_MAX + LINK_PATH_SIZE];

		if (entry->d_type != DT_LNK)
			continue;
		snprintf(name, sizeof(name), "%s/%s", tree, entry->d_name);
		if (!pruning->keep_link(pruning->data, name))
			prune_link(dir, name, pruning);
	}
}

void link_prune_at(int dir, const struct link_pruning *pruning)
{
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		prune_tree(dir, trees[i], pruning);
}
