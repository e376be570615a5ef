/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links under /dev/disk: made where the agent owns them, checked everywhere. */
#include "links.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

#define DEFAULT_DIRECTORY "/dev"

static const char *const trees[] = {
	[LINK_BY_SLOT] = "disk/by-slot",
	[LINK_BY_SERIAL] = "disk/by-serial",
};

/* From a tree back to the directory of the nodes. */
#define UPWARDS "../../"

static int make_trees(int dev)
{
	if (mkdirat(dev, "disk", 0755) < 0 && errno != EEXIST)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (mkdirat(dev, trees[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

/* Whether FD is on the same file system as the root directory. */
static bool is_on_root(int fd)
{
	struct stat root, st;

	return stat("/", &root) == 0 && fstat(fd, &st) == 0 && root.st_dev == st.st_dev;
}

int links_open(const char *directory, bool owner, struct links *ret)
{
	const char *path = directory ? directory : DEFAULT_DIRECTORY;
	_cleanup_close_ int dev = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dev < 0)
		return -errno;
	if (strlen(path) >= sizeof(ret->directory))
		return -ENAMETOOLONG;
	if (owner) {
		if (!directory && is_on_root(dev))
			return -EROFS;
		r = make_trees(dev);
		if (r < 0)
			return r;
	}
	strcpy(ret->directory, path);
	ret->owner = owner;
	ret->dev = steal_fd(&dev);
	return 0;
}

void links_close(struct links *links)
{
	closep(&links->dev);
	links->dev = -1;
}

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

static bool leads_to(const struct links *links, const char *name, const char *target)
{
	char found[DISK_NAME_SIZE + sizeof(UPWARDS)];
	ssize_t n = readlinkat(links->dev, name, found, sizeof(found) - 1);

	if (n < 0)
		return false;
	found[n] = '\0';
	return !strcmp(found, target);
}

int links_make(const struct links *links, const char *name, const char *node)
{
	char target[DISK_NAME_SIZE + sizeof(UPWARDS)], aside[LINK_PATH_SIZE + 8];

	snprintf(target, sizeof(target), UPWARDS "%s", node);
	if (symlinkat(target, links->dev, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (leads_to(links, name, target))
		return 0;
	/* Made aside and moved over the wrong one, so that there is a link at every moment. */
	snprintf(aside, sizeof(aside), "disk/.hotslot");
	unlinkat(links->dev, aside, 0);
	if (symlinkat(target, links->dev, aside) < 0)
		return -errno;
	if (renameat(links->dev, aside, links->dev, name) < 0) {
		int r = -errno;

		unlinkat(links->dev, aside, 0);
		return r;
	}
	return 0;
}

void links_remove(const struct links *links, const char *name, const char *node)
{
	char target[DISK_NAME_SIZE + sizeof(UPWARDS)];

	snprintf(target, sizeof(target), UPWARDS "%s", node);
	if (leads_to(links, name, target))
		unlinkat(links->dev, name, 0);
}

bool links_check(const struct links *links, const char *name, dev_t devnum)
{
	struct stat st;

	/* Through the link, to the node. */
	return fstatat(links->dev, name, &st, 0) == 0 && S_ISBLK(st.st_mode) &&
	       st.st_rdev == devnum;
}

static void prune_tree(const struct links *links, const char *tree,
	bool (*keep)(void *data, const char *name), void *data)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(links->dev, tree);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[LINK_PATH_SIZE];

		if (entry->d_type != DT_LNK)
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s/%s", tree, entry->d_name) >=
				sizeof(name) ||
			!keep(data, name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
}

void links_prune(const struct links *links, bool (*keep)(void *data, const char *name), void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		prune_tree(links, trees[i], keep, data);
}
