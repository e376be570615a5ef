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
	int main;		      /* borrowed */
	bool absent;		      /* as said in the log */
	struct link_directories seen; /* at the last look */
	char **failed;		      /* names of what could not be made */
	size_t n_failed;
	int failure; /* the last one that was said in the log */
};

int mirror_new(const char *path, int main, struct mirror **ret)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (!mirror)
		return -ENOMEM;
	mirror->main = main;
	mirror->path = strdup(path);
	if (!mirror->path) {
		mirror_free(mirror);
		return -ENOMEM;
	}
	*ret = mirror;
	return 0;
}

static void forget_failures(struct mirror *mirror)
{
	for (size_t i = 0; i < mirror->n_failed; i++)
		free(mirror->failed[i]);
	free(mirror->failed);
	mirror->failed = NULL;
	mirror->n_failed = 0;
}

void mirror_free(struct mirror *mirror)
{
	if (!mirror)
		return;
	forget_failures(mirror);
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

/* What is full or read-only fails for each disk; it is said once. Without memory, once more. */
static void note_failure(struct mirror *mirror, const char *name, int r)
{
	char **grown;

	if (find_failure(mirror, name) < mirror->n_failed)
		return;
	if (mirror->n_failed == 0 || r != mirror->failure)
		log_error("cannot mirror %s/%s: %s", mirror->path, name,
			r == -ENOTDIR ? "a symbolic link or no directory is in its way"
				      : strerror(-r));
	mirror->failure = r;
	grown = realloc(mirror->failed, (mirror->n_failed + 1) * sizeof(*grown));
	if (!grown)
		return;
	mirror->failed = grown;
	grown[mirror->n_failed] = strdup(name);
	mirror->n_failed += grown[mirror->n_failed] != NULL;
}

/* ---- the directory ---- */

static int enter(const struct mirror *mirror)
{
	int fd = open(mirror->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool is_main(const struct mirror *mirror, int dir)
{
	struct stat main, st;

	return fstat(mirror->main, &main) == 0 && fstat(dir, &st) == 0 &&
	       main.st_dev == st.st_dev && main.st_ino == st.st_ino;
}

/* To change something there. */
static int enter_to_work(const struct mirror *mirror)
{
	_cleanup_close_ int fd = enter(mirror);

	if (fd < 0)
		return fd;
	return is_main(mirror, fd) ? -EEXIST : steal_fd(&fd);
}

static bool note_absence(struct mirror *mirror, int r)
{
	bool was_absent = mirror->absent;

	if (!was_absent)
		log_warning("%s cannot be opened: %s; links are mirrored there once it can",
			mirror->path, strerror(-r));
	mirror->absent = true;
	mirror->seen = (struct link_directories){};
	return !was_absent;
}

static void note_presence(struct mirror *mirror, int dir)
{
	struct statvfs st;

	if (mirror->absent)
		log_info("%s is there: links are mirrored", mirror->path);
	mirror->absent = false;
	forget_failures(mirror);
	if (fstatvfs(dir, &st) == 0 && (st.f_flag & ST_NODEV))
		log_warning("%s is mounted with nodev: disks cannot be opened there", mirror->path);
}

static void make_trees(struct mirror *mirror, int dir)
{
	int r = is_main(mirror, dir) ? 0 : link_make_trees_at(dir);

	if (r < 0)
		note_failure(mirror, "disk", r);
	else
		forget_failure(mirror, "disk");
}

bool mirror_look(struct mirror *mirror, bool again)
{
	_cleanup_close_ int dir = enter(mirror);
	struct link_directories now;

	if (dir < 0)
		return note_absence(mirror, dir);
	link_identify_directories_at(dir, &now);
	if (memcmp(&now, &mirror->seen, sizeof(now)))
		note_presence(mirror, dir);
	else if (!again || mirror->n_failed == 0)
		return false;
	make_trees(mirror, dir);
	link_identify_directories_at(dir, &mirror->seen);
	return true;
}

/* ---- nodes ---- */

static bool is_device(int dir, const char *node, dev_t devnum, struct stat *ret)
{
	return fstatat(dir, node, ret, AT_SYMLINK_NOFOLLOW) == 0 && S_ISBLK(ret->st_mode) &&
	       ret->st_rdev == devnum;
}

/* By a descriptor, so that what gets them is what was looked at. The kernel has no other chmod for
 * one that is O_PATH before Linux 6.6 (fchmodat2). */
static int give_access(int dir, const char *node, const struct stat *like)
{
	_cleanup_close_ int fd = openat(dir, node, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[sizeof("/proc/self/fd/") + 16];
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != like->st_rdev)
		return -ESTALE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fchownat(fd, "", like->st_uid, like->st_gid, AT_EMPTY_PATH) < 0 ||
		chmod(path, like->st_mode & ALLPERMS) < 0)
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

static int update_access(int dir, const char *node, const struct stat *st, const struct stat *like)
{
	if (st->st_mode == like->st_mode && st->st_uid == like->st_uid &&
		st->st_gid == like->st_gid)
		return 0;
	return give_access(dir, node, like);
}

static int make_node(struct mirror *mirror, int dir, const char *node, dev_t devnum)
{
	struct stat like, st;

	/* The disk is on its way out: whoever made its name is about to hear of it. */
	if (!is_device(mirror->main, node, devnum, &like))
		return -ENODEV;
	if (!is_device(dir, node, devnum, &st))
		return replace_node(dir, node, &like);
	return update_access(dir, node, &st, &like);
}

void mirror_refresh_node(struct mirror *mirror, const char *node, dev_t devnum)
{
	_cleanup_close_ int dir = enter_to_work(mirror);
	struct stat like, st;
	int r;

	if (dir < 0 || !is_device(mirror->main, node, devnum, &like) ||
		!is_device(dir, node, devnum, &st))
		return;
	r = update_access(dir, node, &st, &like);
	if (r < 0)
		note_failure(mirror, node, r);
	else
		forget_failure(mirror, node);
}

void mirror_remove_node(struct mirror *mirror, const char *node, dev_t devnum)
{
	_cleanup_close_ int dir = enter_to_work(mirror);
	struct stat st;

	if (dir >= 0 && is_device(dir, node, devnum, &st))
		unlinkat(dir, node, 0);
	forget_failure(mirror, node);
}

/* ---- links ---- */

static int make_link(int dir, const char *name, const char *node)
{
	int r = link_make_at(dir, name, node);

	if (r != -ENOENT)
		return r;
	r = link_make_trees_at(dir);
	return r < 0 ? r : link_make_at(dir, name, node);
}

void mirror_make(struct mirror *mirror, const char *name, const char *node, dev_t devnum)
{
	_cleanup_close_ int dir = enter_to_work(mirror);
	int r;

	if (dir < 0)
		return;
	r = make_node(mirror, dir, node, devnum);
	if (r == 0)
		r = make_link(dir, name, node);
	if (r == 0)
		forget_failure(mirror, name);
	else
		link_remove_at(dir, name, NULL); /* rather none than a wrong one */
	if (r < 0 && r != -ENODEV)
		note_failure(mirror, name, r);
}

void mirror_remove(struct mirror *mirror, const char *name, const char *node)
{
	_cleanup_close_ int dir = enter_to_work(mirror);
	char here[DISK_NAME_SIZE], there[DISK_NAME_SIZE];

	forget_failure(mirror, name);
	if (dir < 0)
		return;
	if (link_read_at(dir, name, here) && strcmp(here, node) &&
		link_read_at(mirror->main, name, there) && !strcmp(here, there))
		return;
	link_remove_at(dir, name, NULL);
}

bool mirror_check(const struct mirror *mirror, const char *name, dev_t devnum)
{
	_cleanup_close_ int dir = enter(mirror);

	return dir < 0 || link_check_at(dir, name, devnum);
}

void mirror_prune(struct mirror *mirror, const struct link_pruning *pruning)
{
	_cleanup_close_ int dir = enter_to_work(mirror);

	if (dir >= 0)
		link_prune_at(dir, pruning);
}
