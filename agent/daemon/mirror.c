/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another directory with the same links, and with the nodes that they lead to. */
#include "mirror.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "log.h"

/* Where a node is made before it is moved to its name. */
#define ASIDE ".hotslot-node"

struct mirror {
	char *path;
	int dir;       /* O_PATH */
	int main;      /* borrowed */
	bool is_main;  /* the same directory */
	char **failed; /* names of links that could not be made, as said in the log */
	size_t n_failed;
};

static bool is_same_directory(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Nodes there can be made, but not opened. */
static void warn_of_nodev(int dir, const char *path)
{
	struct statvfs st;

	if (fstatvfs(dir, &st) == 0 && (st.f_flag & ST_NODEV))
		log_warning("%s is mounted with nodev: disks cannot be opened there", path);
}

int mirror_open(const char *path, int main, struct mirror **ret)
{
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mirror *mirror;

	if (dir < 0)
		return -errno;
	mirror = calloc(1, sizeof(*mirror));
	if (!mirror)
		return -ENOMEM;
	mirror->path = strdup(path);
	mirror->is_main = is_same_directory(dir, main);
	mirror->main = main;
	mirror->dir = steal_fd(&dir);
	warn_of_nodev(mirror->dir, path);
	if (!mirror->path) {
		mirror_free(mirror);
		return -ENOMEM;
	}
	*ret = mirror;
	return 0;
}

void mirror_free(struct mirror *mirror)
{
	if (!mirror)
		return;
	for (size_t i = 0; i < mirror->n_failed; i++)
		free(mirror->failed[i]);
	free(mirror->failed);
	closep(&mirror->dir);
	free(mirror->path);
	free(mirror);
}

const char *mirror_path(const struct mirror *mirror)
{
	return mirror->path;
}

/* ---- what has failed ---- */

static size_t find_failure(const struct mirror *mirror, const char *name)
{
	size_t i = 0;

	while (i < mirror->n_failed && strcmp(mirror->failed[i], name))
		i++;
	return i;
}

static void forget_failure(struct mirror *mirror, const char *name)
{
	size_t i = find_failure(mirror, name);

	if (i == mirror->n_failed)
		return;
	free(mirror->failed[i]);
	mirror->failed[i] = mirror->failed[--mirror->n_failed];
}

/* Without memory it is said once more. */
static void note_failure(struct mirror *mirror, const char *name, int r)
{
	char **grown;

	if (find_failure(mirror, name) < mirror->n_failed)
		return;
	log_error("cannot mirror a link to %s/%s: %s", mirror->path, name, strerror(-r));
	grown = realloc(mirror->failed, (mirror->n_failed + 1) * sizeof(*grown));
	if (!grown)
		return;
	mirror->failed = grown;
	grown[mirror->n_failed] = strdup(name);
	mirror->n_failed += grown[mirror->n_failed] != NULL;
}

/* ---- nodes and links ---- */

static int give_access(int dir, const char *node, const struct stat *like)
{
	if (fchownat(dir, node, like->st_uid, like->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(dir, node, like->st_mode & ALLPERMS, 0) < 0)
		return -errno;
	return 0;
}

static int replace_node(int dir, const char *node, const struct stat *like)
{
	int r;

	unlinkat(dir, ASIDE, 0);
	if (mknodat(dir, ASIDE, S_IFBLK, like->st_rdev) < 0)
		return -errno;
	r = give_access(dir, ASIDE, like);
	if (r == 0 && renameat(dir, ASIDE, dir, node) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, ASIDE, 0);
	return r;
}

static bool is_device(int dir, const char *node, dev_t devnum, struct stat *ret)
{
	return fstatat(dir, node, ret, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(ret->st_mode) &&
	       ret->st_rdev == devnum;
}

static int make_node(struct mirror *mirror, const char *node, dev_t devnum)
{
	struct stat like, st;

	/* The disk is on its way out: whoever made its name is about to hear of it. */
	if (!is_device(mirror->main, node, devnum, &like))
		return -ENODEV;
	if (!is_device(mirror->dir, node, devnum, &st))
		return replace_node(mirror->dir, node, &like);
	/* udevd may have changed them since. */
	if (st.st_mode != like.st_mode || st.st_uid != like.st_uid || st.st_gid != like.st_gid)
		return give_access(mirror->dir, node, &like);
	return 0;
}

static int make_link(struct mirror *mirror, const char *name, const char *node)
{
	int r = link_make_at(mirror->dir, name, node);

	if (r != -ENOENT)
		return r;
	r = link_make_trees_at(mirror->dir);
	return r < 0 ? r : link_make_at(mirror->dir, name, node);
}

void mirror_make(struct mirror *mirror, const char *name, const char *node, dev_t devnum)
{
	int r;

	if (mirror->is_main)
		return;
	r = make_node(mirror, node, devnum);
	if (r == 0)
		r = make_link(mirror, name, node);
	if (r == 0)
		forget_failure(mirror, name);
	else
		unlinkat(mirror->dir, name, 0); /* rather none than a wrong one */
	if (r < 0 && r != -ENODEV)
		note_failure(mirror, name, r);
}

void mirror_remove(struct mirror *mirror, const char *name, const char *node)
{
	if (mirror->is_main)
		return;
	link_remove_at(mirror->dir, name, node);
	forget_failure(mirror, name);
}

void mirror_remove_node(struct mirror *mirror, const char *node, dev_t devnum)
{
	struct stat st;

	if (!mirror->is_main && is_device(mirror->dir, node, devnum, &st))
		unlinkat(mirror->dir, node, 0);
}

bool mirror_check(const struct mirror *mirror, const char *name, dev_t devnum)
{
	return link_check_at(mirror->dir, name, devnum);
}

void mirror_prune(struct mirror *mirror, const struct link_pruning *pruning)
{
	if (!mirror->is_main)
		link_prune_at(mirror->dir, pruning);
}
