/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links in the trees of one directory, by its descriptor. */
#include "link-at.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util.h"

#define DISK "disk"

static const char *const trees[] = {
	[LINK_BY_SLOT] = "by-slot",
	[LINK_BY_SERIAL] = "by-serial",
};

/* Room for the name of a tree. */
#define TREE_NAME_SIZE 16

/* From a tree back to the directory of the nodes. */
#define UPWARDS "../../"

/* Room for the text of a link of ours. */
#define TARGET_SIZE (DISK_NAME_SIZE + sizeof(UPWARDS))

/* Where a link is made before it is moved over the wrong one: beside the trees. */
#define ASIDE ".hotslot"

_Static_assert(
	sizeof(DISK "/by-serial/") + SERIAL_ENCODED_MAX + sizeof("-part255") <= LINK_PATH_SIZE,
	"the longest name fits");

bool link_name(enum link_tree tree, const struct disk *disk, const struct partition *partition,
	char ret[LINK_PATH_SIZE])
{
	char *end = ret;

	if (tree == LINK_BY_SLOT ? disk->status != DISK_SLOTTED : !*disk->serial)
		return false;
	/* Without printf(): a disk's host waits for several of these. */
	end = stpcpy(stpcpy(stpcpy(end, DISK "/"), trees[tree]), "/");
	end = tree == LINK_BY_SLOT ? format_u64(end, disk->slot) : stpcpy(end, disk->serial);
	if (partition)
		format_u64(stpcpy(end, "-part"), partition->number);
	return true;
}

/* ---- directories ---- */

/* The tree that a link is in, O_PATH. */
struct place {
	int tree;
	const char *leaf;
};

#define PLACE_NONE ((struct place){ .tree = -1 })

static void close_place(struct place *place)
{
	closep(&place->tree);
}

static int open_step(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* One that is reached through a link may be anywhere, on the root file system for one. In one call:
 * there are some for each disk, and the host waits. */
static int open_tree(int dir, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int open_place(int dir, const char *name, struct place *place)
{
	char path[sizeof(DISK) + TREE_NAME_SIZE] = "";
	size_t length;

	place->leaf = strchr(name + strlen(DISK "/"), '/') + 1;
	length = (size_t)(place->leaf - name - 1);
	if (length >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, name, length);
	place->tree = open_tree(dir, path);
	return place->tree < 0 ? place->tree : 0;
}

static int make_step(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return open_step(dir, name);
}

int link_make_trees_at(int dir)
{
	_cleanup_close_ int disk = make_step(dir, DISK);

	if (disk < 0)
		return disk;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_close_ int tree = make_step(disk, trees[i]);

		if (tree < 0)
			return tree;
	}
	return 0;
}

void link_identify_directories_at(int dir, struct link_directories *ret)
{
	_cleanup_close_ int disk = open_step(dir, DISK);
	struct stat st[1 + LINK_TREES] = {};

	fstat(dir, &st[0]);
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		if (disk >= 0)
			fstatat(disk, trees[i], &st[1 + i], AT_SYMLINK_NOFOLLOW);
	for (size_t i = 0; i < ARRAY_SIZE(st); i++) {
		ret->each[i].device = st[i].st_dev;
		ret->each[i].inode = st[i].st_ino;
	}
}

/* ---- links ---- */

/* The node in the text of a link, or NULL if it is not one of ours. */
static const char *find_node(const char *target)
{
	const char *node = target + strlen(UPWARDS);

	if (strncmp(target, UPWARDS, strlen(UPWARDS)) || !*node || *node == '.' ||
		strchr(node, '/'))
		return NULL;
	return node;
}

static bool read_node(int tree, const char *leaf, char ret_node[DISK_NAME_SIZE])
{
	char target[TARGET_SIZE];
	ssize_t n = readlinkat(tree, leaf, target, sizeof(target));
	const char *node;

	if (n < 0 || n == (ssize_t)sizeof(target))
		return false;
	target[n] = '\0';
	node = find_node(target);
	if (!node || strlen(node) >= DISK_NAME_SIZE)
		return false;
	strcpy(ret_node, node);
	return true;
}

bool link_read_at(int dir, const char *name, char ret_node[DISK_NAME_SIZE])
{
	_cleanup_(close_place) struct place place = PLACE_NONE;

	return open_place(dir, name, &place) == 0 && read_node(place.tree, place.leaf, ret_node);
}

static bool leads_to(const struct place *place, const char *node)
{
	char found[DISK_NAME_SIZE];

	return read_node(place->tree, place->leaf, found) && !strcmp(found, node);
}

/* There is a link at every moment. */
static int put_right(int dir, const struct place *place, const char *target)
{
	_cleanup_close_ int disk = open_step(dir, DISK);
	int r = 0;

	if (disk < 0)
		return disk;
	unlinkat(disk, ASIDE, 0);
	if (symlinkat(target, disk, ASIDE) < 0)
		return -errno;
	if (renameat(disk, ASIDE, place->tree, place->leaf) < 0) {
		r = -errno;
		unlinkat(disk, ASIDE, 0);
	}
	return r;
}

int link_make_at(int dir, const char *name, const char *node)
{
	_cleanup_(close_place) struct place place = PLACE_NONE;
	char target[TARGET_SIZE];
	int r = open_place(dir, name, &place);

	if (r < 0)
		return r;
	strcpy(stpcpy(target, UPWARDS), node);
	if (symlinkat(target, place.tree, place.leaf) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (leads_to(&place, node))
		return 0;
	return put_right(dir, &place, target);
}

void link_remove_at(int dir, const char *name, const char *node)
{
	_cleanup_(close_place) struct place place = PLACE_NONE;

	if (open_place(dir, name, &place) == 0 && (!node || leads_to(&place, node)))
		unlinkat(place.tree, place.leaf, 0);
}

bool link_check_at(int dir, const char *name, dev_t devnum)
{
	char node[DISK_NAME_SIZE];
	struct stat st;

	return link_read_at(dir, name, node) && fstatat(dir, node, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISBLK(st.st_mode) && st.st_rdev == devnum;
}

/* ---- pruning ---- */

/* Removes the node that a removed link led to: a SCSI disk's, which our links lead to only. */
static void prune_node(int dir, const char *node, const struct link_pruning *pruning)
{
	struct stat st;

	if (!strncmp(node, "sd", 2) && !pruning->keep_node(pruning->data, node) &&
		fstatat(dir, node, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(st.st_mode))
		unlinkat(dir, node, 0);
}

static void prune_link(int dir, const struct place *place, const char *name, const char *leaf,
	const struct link_pruning *pruning)
{
	char node[DISK_NAME_SIZE];
	bool ours = read_node(place->tree, leaf, node);

	if (pruning->keep_link(pruning->data, name, ours ? node : NULL))
		return;
	unlinkat(place->tree, leaf, 0);
	if (ours && pruning->keep_node)
		prune_node(dir, node, pruning);
}

static void prune_tree(int dir, const char *tree, const struct link_pruning *pruning)
{
	_cleanup_(close_place) struct place place = PLACE_NONE;
	_cleanup_closedir_ DIR *links = NULL;
	char name[LINK_PATH_SIZE + NAME_MAX];
	struct dirent *entry;

	snprintf(name, sizeof(name), DISK "/%s/", tree);
	if (open_place(dir, name, &place) < 0)
		return;
	links = open_directory_at(place.tree, ".");
	while (links && (entry = readdir(links))) {
		if (entry->d_type != DT_LNK)
			continue;
		snprintf(name, sizeof(name), DISK "/%s/%s", tree, entry->d_name);
		prune_link(dir, &place, name, entry->d_name, pruning);
	}
}

void link_prune_at(int dir, const struct link_pruning *pruning)
{
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		prune_tree(dir, trees[i], pruning);
}
