/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks the root file system stands on. */
#include "system.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mountinfo.h"
#include "util.h"

/* A host with thousands of mounts has a megabyte of them. */
#define MOUNTINFO_MAX (16 * 1024 * 1024)

/* Layers of block devices and file systems under a root: LUKS on LVM on md on a partition is four.
 */
#define DEPTH_MAX 16

struct mounts {
	struct mount *mounts;
	size_t n;
	char *text; /* what the mounts point into */
};

/* One search: where it looks and what it has found. */
struct search {
	const struct view *view;
	const struct mounts *mounts;
	struct system_disks *disks;
	unsigned depth;
};

static void mounts_done(struct mounts *mounts)
{
	free(mounts->mounts);
	free(mounts->text);
}

static int mounts_read(const struct view *view, const char *path, struct mounts *ret)
{
	_cleanup_(mounts_done) struct mounts mounts = {};
	size_t length, lines = 0;
	char *rest, *line;
	int r;

	r = read_file_at(view->proc, path, MOUNTINFO_MAX, &mounts.text, &length);
	if (r < 0)
		return r;
	for (size_t i = 0; i < length; i++)
		lines += mounts.text[i] == '\n';
	mounts.mounts = calloc(lines + 1, sizeof(*mounts.mounts));
	if (!mounts.mounts)
		return -ENOMEM;
	rest = mounts.text;
	while ((line = strsep(&rest, "\n")) && mounts.n <= lines) {
		if (!*line)
			continue;
		r = mount_parse(line, &mounts.mounts[mounts.n]);
		if (r < 0)
			return r;
		mounts.n++;
	}
	*ret = mounts;
	mounts = (struct mounts){};
	return 0;
}

bool system_disks_contain(const struct system_disks *disks, dev_t devnum)
{
	for (size_t i = 0; i < disks->n; i++)
		if (disks->devnums[i] == devnum)
			return true;
	return false;
}

static void add_disk(struct system_disks *disks, dev_t devnum)
{
	if (system_disks_contain(disks, devnum))
		return;
	if (disks->n == SYSTEM_DISKS_MAX)
		disks->undecided = true;
	else
		disks->devnums[disks->n++] = devnum;
}

static void resolve_path(struct search *search, const char *path, size_t length);
static void resolve_device(struct search *search, const char *directory);

/* Resolves each device that NAME (a "slaves" or "devices" directory) links to. Returns how many. */
static int resolve_members(struct search *search, const char *directory, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	int n = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return -ENAMETOOLONG;
	dir = open_directory_at(search->view->sys, path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (view_find_block(search->view, entry->d_name, target, sizeof(target)) < 0)
			return -ENODEV;
		resolve_device(search, target);
		n++;
	}
	return n;
}

/* A loop device stands on what its file stands on. Returns 1 if it is one. */
static int resolve_loop(struct search *search, const char *directory)
{
	_cleanup_free_ char *file = NULL;
	char path[PATH_MAX];
	size_t length;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/loop/backing_file", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_file_at(search->view->sys, path, PATH_MAX, &file, &length);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	resolve_path(search, file, strcspn(file, "\n"));
	return 1;
}

static int read_devnum(const struct view *view, const char *directory, dev_t *ret)
{
	char path[PATH_MAX], text[32], end;
	unsigned major, minor;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/dev", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_attr_at(view->sys, path, text, sizeof(text));
	if (r < 0)
		return r;
	if (sscanf(text, "%u:%u%c", &major, &minor, &end) != 2)
		return -EBADMSG;
	*ret = makedev(major, minor);
	return 0;
}

static bool is_partition(const struct view *view, const char *directory)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/partition", directory) < sizeof(path) &&
	       faccessat(view->sys, path, F_OK, 0) == 0;
}

/* Resolves the block device in DIRECTORY of sysfs; what fails leaves it undecided. */
static void resolve_device(struct search *search, const char *directory)
{
	char parent[PATH_MAX];
	dev_t devnum;
	int r;

	/* Once it is undecided nothing more is to be found out: layers that lead to themselves
	 * would branch without end. */
	if (search->disks->undecided)
		return;
	if (search->depth++ >= DEPTH_MAX || strlen(directory) >= sizeof(parent))
		goto undecided;
	if (is_partition(search->view, directory)) {
		strcpy(parent, directory);
		*strrchr(parent, '/') = '\0';
		resolve_device(search, parent);
		goto done;
	}
	r = resolve_members(search, directory, "slaves");
	if (r == 0)
		r = resolve_loop(search, directory);
	if (r < 0)
		goto undecided;
	if (r == 0) {
		if (read_devnum(search->view, directory, &devnum) < 0)
			goto undecided;
		add_disk(search->disks, devnum);
	}
done:
	search->depth--;
	return;
undecided:
	search->disks->undecided = true;
	search->depth--;
}

static void resolve_devnum(struct search *search, dev_t devnum)
{
	char name[32], directory[PATH_MAX];

	snprintf(name, sizeof(name), "%u:%u", major(devnum), minor(devnum));
	if (view_find_block(search->view, name, directory, sizeof(directory)) < 0)
		search->disks->undecided = true;
	else
		resolve_device(search, directory);
}

/* btrfs has an anonymous device number; its members are in sysfs. */
static void resolve_btrfs(struct search *search, const struct mount *mount)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(search->view->sys, "fs/btrfs");
	const char *name = strrchr(mount->source, '/');
	struct dirent *entry;

	while (dir && name && (entry = readdir(dir))) {
		char path[PATH_MAX], member[PATH_MAX];

		snprintf(path, sizeof(path), "fs/btrfs/%s", entry->d_name);
		snprintf(member, sizeof(member), "%s/devices/%s", entry->d_name, name + 1);
		if (faccessat(dirfd(dir), member, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (resolve_members(search, path, "devices") <= 0)
			break;
		return;
	}
	search->disks->undecided = true;
}

/* Resolves each layer of a value such as "/a:/b::/c". */
static void resolve_layers(struct search *search, const char *value, size_t length)
{
	const char *end = value + length;

	while (value < end) {
		size_t n = strcspn(value, ":,");

		if (n > 0)
			resolve_path(search, value, n);
		value += n + 1;
	}
}

/* Every layer of an overlay counts: the lower ones hold the system, the upper its changes.
 * Linux 6.7 and later shows layers that were added one by one as an option each. */
static void resolve_overlay(struct search *search, const struct mount *mount)
{
	static const char *const keys[] = { "lowerdir", "lowerdir+", "datadir+", "upperdir" };
	size_t length, lower = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = mount_option(mount->options, keys[i], &length);

		for (; value; value = mount_option(value + length, keys[i], &length)) {
			resolve_layers(search, value, length);
			lower += !strncmp(keys[i], "lowerdir", strlen("lowerdir"));
		}
	}
	if (lower == 0)
		search->disks->undecided = true;
}

static bool is_diskless(const char *type)
{
	static const char *const types[] = { "rootfs", "tmpfs", "ramfs", "devtmpfs", "nfs", "nfs4",
		"9p", "virtiofs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

static void resolve_mount(struct search *search, const struct mount *mount)
{
	if (search->disks->undecided)
		return;
	if (search->depth++ >= DEPTH_MAX)
		search->disks->undecided = true;
	else if (major(mount->devnum) != 0)
		resolve_devnum(search, mount->devnum);
	else if (!strcmp(mount->type, "overlay"))
		resolve_overlay(search, mount);
	else if (!strcmp(mount->type, "btrfs"))
		resolve_btrfs(search, mount);
	else if (!is_diskless(mount->type))
		search->disks->undecided = true;
	search->depth--;
}

/* Whether the mount point POINT is PATH or a directory above it. */
static bool is_above(const char *point, const char *path, size_t length)
{
	size_t n = strlen(point);

	if (n == 1)
		return *path == '/';
	return n <= length && !strncmp(point, path, n) && (n == length || path[n] == '/');
}

/* Resolves the mount that PATH is on, by name: the last mount of the longest mount point above
 * it. A path of another mount namespace or below an overmounted directory leads to the overlay
 * itself, hence too deep, hence undecided. */
static void resolve_path(struct search *search, const char *path, size_t length)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < search->mounts->n; i++) {
		const struct mount *mount = &search->mounts->mounts[i];

		if (is_above(mount->point, path, length) &&
			(!best || strlen(mount->point) >= strlen(best->point)))
			best = mount;
	}
	if (best)
		resolve_mount(search, best);
	else
		search->disks->undecided = true;
}

/* Every mount on "/" counts, also those that another one covers. */
static void find_in(const struct view *view, const char *mountinfo, struct system_disks *disks)
{
	_cleanup_(mounts_done) struct mounts mounts = {};
	struct search search = { view, &mounts, disks, 0 };
	bool found = false;

	if (mounts_read(view, mountinfo, &mounts) < 0) {
		disks->undecided = true;
		return;
	}
	for (size_t i = 0; i < mounts.n; i++) {
		if (strcmp(mounts.mounts[i].point, "/"))
			continue;
		resolve_mount(&search, &mounts.mounts[i]);
		found = true;
	}
	if (!found)
		disks->undecided = true;
}

void system_disks_find(const struct view *view, struct system_disks *ret)
{
	struct system_disks disks = {};

	find_in(view, "1/mountinfo", &disks);
	find_in(view, "self/mountinfo", &disks);
	*ret = disks;
}
