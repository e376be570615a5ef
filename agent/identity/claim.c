/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who of several disks with one serial has its name, where udevd makes the links. */
#include "claim.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "identity.h"
#include "util.h"

/* "MAJOR:MINOR DISKSEQ" */
#define CLAIM_SIZE 64

/* A directory of marks, and the lock over all of them: it is held for some system calls, and HOW is
 * LOCK_EX, with LOCK_NB for who does not wait for it. */
static int open_marks(int run, const char *name)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(run, name, flags);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(run, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(run, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

static int lock(int directory, int how)
{
	int r;

	do {
		r = flock(directory, how);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* Whether the claim is of a disk that is still there. */
static bool is_current(const struct view *view, const char *claim)
{
	char path[2 * CLAIM_SIZE];
	uint32_t major, minor;
	uint64_t diskseq, now;

	if (!take_u32(&claim, &major) || *claim++ != ':' || !take_u32(&claim, &minor) ||
		*claim++ != ' ' || parse_u64(claim, UINT64_MAX, &diskseq) < 0)
		return false;
	snprintf(path, sizeof(path), "dev/block/%u:%u/diskseq", major, minor);
	return read_attr_u64_at(view->sys, path, &now) == 0 && now == diskseq;
}

/* Made aside and moved, so that nobody reads half of it. */
static int write_mark(int directory, const char *name, const char *text)
{
	static const char aside[] = ".new";
	_cleanup_close_ int fd =
		openat(directory, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\n", text) < 0)
		return -EIO;
	return renameat(directory, aside, directory, name) < 0 ? -errno : 0;
}

static int want(int run, const char *serial)
{
	_cleanup_close_ int wanted = open_marks(run, CLAIMS_WANTED_DIRECTORY), fd = -1;

	if (wanted < 0)
		return wanted;
	fd = openat(wanted, serial, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : CLAIM_TAKEN;
}

/* Has udevd look at a disk again, and then at its partitions, which go by it. */
static int trigger(const struct view *view, const char *name)
{
	_cleanup_free_ struct partition *partitions = NULL;
	char devpath[PATH_MAX], path[PATH_MAX];
	size_t n = 0;
	int r = view_find_block(view, name, devpath, sizeof(devpath));

	if (r == 0)
		r = disk_read_partitions(view, devpath, &partitions, &n);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "class/block/%s/uevent", name);
	r = write_attr_at(view->sys, path, "change");
	for (size_t i = 0; i < n && r == 0; i++) {
		snprintf(path, sizeof(path), "class/block/%s/uevent", partitions[i].name);
		r = write_attr_at(view->sys, path, "change");
	}
	return r;
}

/* Whether the disk (or partition, which has none) called NAME has the serial, encoded. */
static bool has_serial(const struct view *view, const char *name, const char *serial)
{
	char path[PATH_MAX], own[SERIAL_ENCODED_MAX + 1];
	struct identity_error error;
	_cleanup_close_ int dir = -1;

	snprintf(path, sizeof(path), "class/block/%s", name);
	dir = openat(view->sys, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir >= 0 && disk_read_serial(dir, own, &error) == 0 && !strcmp(own, serial);
}

/* Has udev look at every disk with the serial. Returns how many those are. */
static int trigger_all(const struct view *view, const char *serial)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(view->sys, "class/block");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "sd", 2) && has_serial(view, entry->d_name, serial))
			n += trigger(view, entry->d_name) == 0;
	return n;
}

/* With the lock. */
static int pass_on(int run, const struct view *view, int claims)
{
	_cleanup_closedir_ DIR *wanted = open_directory_at(run, CLAIMS_WANTED_DIRECTORY);
	struct dirent *entry;
	int n = 0;

	if (!wanted)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(wanted))) {
		char held[CLAIM_SIZE];

		if (entry->d_name[0] == '.' ||
			(read_attr_at(claims, entry->d_name, held, sizeof(held)) == 0 &&
				is_current(view, held)))
			continue;
		if (unlinkat(dirfd(wanted), entry->d_name, 0) == 0)
			n += trigger_all(view, entry->d_name);
	}
	/* The rule goes by its being there; it stays if somebody else still waits. */
	unlinkat(run, CLAIMS_WANTED_DIRECTORY, AT_REMOVEDIR);
	return n;
}

int claim_pass_on(int run, const struct view *view)
{
	_cleanup_close_ int claims = open_marks(run, CLAIMS_DIRECTORY);
	int r = claims < 0 ? claims : lock(claims, LOCK_EX);

	return r < 0 ? r : pass_on(run, view, claims);
}

/* ---- one disk ---- */

static void format_claim(const struct disk *disk, char *ret)
{
	devnum_format(disk->devnum, ret);
	ret += strlen(ret);
	*ret++ = ' ';
	format_u64(ret, disk->diskseq);
}

/* Drops the claim that the disk has on another serial than SERIAL. */
static int drop_other(
	int run, const struct view *view, int claims, const struct disk *disk, const char *serial)
{
	char devnum[DEVNUM_TEXT_SIZE], path[sizeof(CLAIMS_OWN_DIRECTORY) + DEVNUM_TEXT_SIZE];
	char before[SERIAL_ENCODED_MAX + 1], held[CLAIM_SIZE];
	int r;

	devnum_format(disk->devnum, devnum);
	r = path_join(path, sizeof(path), CLAIMS_OWN_DIRECTORY, devnum);
	if (r == 0)
		r = read_attr_at(run, path, before, sizeof(before));
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!strcmp(before, serial))
		return 0;
	unlinkat(run, path, 0);
	/* Of a disk that had the number before it is dropped, too; somebody else's is not. */
	if (strchr(before, '/') || read_attr_at(claims, before, held, sizeof(held)) < 0 ||
		strncmp(held, devnum, strlen(devnum)) || held[strlen(devnum)] != ' ')
		return 0;
	if (unlinkat(claims, before, 0) < 0)
		return -errno;
	r = pass_on(run, view, claims);
	return r < 0 ? r : 0;
}

static int drop(int run, const struct view *view, const struct disk *disk, int how)
{
	_cleanup_close_ int claims = open_marks(run, CLAIMS_DIRECTORY);
	int r = claims < 0 ? claims : lock(claims, how);

	return r < 0 ? r : drop_other(run, view, claims, disk, "");
}

int claim_drop(int run, const struct view *view, const struct disk *disk)
{
	return drop(run, view, disk, LOCK_EX);
}

static int take(int run, int claims, const struct disk *disk, const char *own)
{
	_cleanup_close_ int owns = open_marks(run, CLAIMS_OWN_DIRECTORY);
	char devnum[DEVNUM_TEXT_SIZE];
	int r = owns;

	devnum_format(disk->devnum, devnum);
	/* First, so that no claim is forgotten that was made. */
	if (r >= 0)
		r = write_mark(owns, devnum, disk->serial);
	if (r >= 0)
		r = write_mark(claims, disk->serial, own);
	return r < 0 ? r : CLAIM_HELD;
}

static int claim(int run, const struct view *view, const struct disk *disk, int how)
{
	_cleanup_close_ int claims = open_marks(run, CLAIMS_DIRECTORY);
	char own[CLAIM_SIZE], held[CLAIM_SIZE];
	int r = claims < 0 ? claims : lock(claims, how);

	if (r == 0)
		r = drop_other(run, view, claims, disk, disk->serial);
	if (r < 0)
		return r;
	format_claim(disk, own);
	r = read_attr_at(claims, disk->serial, held, sizeof(held));
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && !strcmp(held, own))
		return CLAIM_HELD;
	if (r == 0 && is_current(view, held)) {
		r = want(run, disk->serial);
		/* It may have gone before the mark was there: then nobody has passed it on. */
		if (r < 0 || is_current(view, held))
			return r;
	}
	return take(run, claims, disk, own);
}

int claim_serial(int run, const struct view *view, const struct disk *disk)
{
	return claim(run, view, disk, LOCK_EX);
}

int claim_now(int run, const struct view *view, const struct disk *disk)
{
	int r;

	if (*disk->serial)
		return claim(run, view, disk, LOCK_EX | LOCK_NB);
	r = drop(run, view, disk, LOCK_EX | LOCK_NB);
	return r < 0 ? r : CLAIM_TAKEN;
}
