/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems under the root file system, down to block devices. */
#include "system-search.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util.h"

/* Whether PATH of PROCESS is there; it may be a device node. */
static bool find_file(const struct system_search *search, const char *process, const char *path,
	size_t length, struct stat *ret)
{
	char full[PATH_MAX];

	return (size_t)snprintf(full, sizeof(full), "%s/root/%.*s", process, (int)length, path) <
		       sizeof(full) &&
	       fstatat(search->view->proc, full, ret, 0) == 0;
}

/* The kernel's name of the device that is mounted, which its node ("/dev/mapper/root") may not
 * have.
 */
static void name_source(
	const struct system_search *search, const struct mount *mount, char *ret, size_t size)
{
	char number[32], directory[PATH_MAX];
	const char *path = mount->source, *name;
	struct stat st;

	if (find_file(search, "1", path, strlen(path), &st) && S_ISBLK(st.st_mode)) {
		snprintf(number, sizeof(number), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
		if (view_find_block(search->view, number, directory, sizeof(directory)) == 0)
			path = directory;
	}
	name = strrchr(path, '/');
	snprintf(ret, size, "%s", name ? name + 1 : "");
}

/* btrfs has an anonymous device number; its members are in sysfs. */
static void resolve_btrfs(struct system_search *search, const struct mount *mount)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(search->view->sys, "fs/btrfs");
	struct dirent *entry;
	char name[NAME_MAX];
	int r = dir ? -ENODEV : -errno;

	name_source(search, mount, name, sizeof(name));
	while (dir && *name && (entry = readdir(dir))) {
		char path[PATH_MAX], member[PATH_MAX];

		snprintf(path, sizeof(path), "fs/btrfs/%s", entry->d_name);
		snprintf(member, sizeof(member), "%s/devices/%s", entry->d_name, name);
		if (faccessat(dirfd(dir), member, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = system_search_members(search, path, "devices");
		if (r > 0)
			return;
		break;
	}
	system_search_fail(search, r);
}

/* Resolves each layer of a value such as "/a:/b::/c". */
static void resolve_layers(
	struct system_search *search, const char *value, size_t length, enum system_search_use use)
{
	const char *end = value + length;

	while (value < end) {
		size_t n = strcspn(value, ":,");

		if (n > 0)
			system_search_path(search, value, n, use);
		value += n + 1;
	}
}

/* Every layer of an overlay counts: the lower ones hold the system, the upper its changes.
 * Linux 6.7 and later shows layers that were added one by one as an option each. */
static void resolve_overlay(struct system_search *search, const struct mount *mount)
{
	static const char *const keys[] = { "lowerdir", "lowerdir+", "datadir+", "upperdir" };
	size_t length, lower = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = mount_option(mount->options, keys[i], &length);
		bool upper = !strcmp(keys[i], "upperdir");

		for (; value; value = mount_option(value + length, keys[i], &length)) {
			resolve_layers(search, value, length, upper ? USE_UPPER : USE_LOWER);
			lower += !upper;
		}
	}
	if (lower == 0)
		search->disks->undecided = true;
}

/* A journal or data apart from the rest: xfs, jfs and reiserfs, erofs. */
static void resolve_more_devices(struct system_search *search, const struct mount *mount)
{
	static const char *const keys[] = { "logdev", "rtdev", "jdev", "device" };
	size_t length;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = mount_option(mount->options, keys[i], &length);

		for (; value; value = mount_option(value + length, keys[i], &length))
			system_search_path(search, value, length, USE_FILE);
	}
}

/* zfs and bcachefs are on any number of disks and do not tell; so may be what is not known here. */
void system_search_mount(struct system_search *search, const struct mount *mount)
{
	if (search->disks->undecided)
		return;
	if (!system_search_enter(search, mount->devnum) || !strcmp(mount->type, "bcachefs")) {
		search->disks->undecided = true;
	} else if (major(mount->devnum) != 0) {
		system_search_devnum(search, mount->devnum);
		resolve_more_devices(search, mount);
	} else if (!strcmp(mount->type, "overlay")) {
		resolve_overlay(search, mount);
	} else if (!strcmp(mount->type, "btrfs")) {
		resolve_btrfs(search, mount);
	} else if (!mount_type_is_diskless(mount->type)) {
		search->disks->undecided = true;
	}
	search->depth--;
}

static bool is_being_resolved(const struct system_search *search, const struct mount *mount)
{
	for (unsigned i = 0; i < search->depth; i++)
		if (search->mounted[i] == mount->devnum)
			return true;
	return false;
}

/* Whether MOUNT is what is being resolved, or is mounted on it: then it is younger, unless it was
 * moved there. */
static bool is_on_top(
	const struct system_search *search, const struct mounts *table, const struct mount *mount)
{
	for (size_t i = 0; mount && i <= table->n; i++) {
		if (is_being_resolved(search, mount))
			return true;
		mount = mount->parent == mount->id ? NULL : mounts_find_id(table, mount->parent);
	}
	return false;
}

/* The mount of TABLE that PATH is on, by name: the last one of the longest mount point above it.
 * Those on top of what is being resolved only if ON_TOP. */
static const struct mount *find_mount(const struct system_search *search,
	const struct mounts *table, const char *path, size_t length, bool on_top)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < table->n; i++) {
		const struct mount *mount = &table->mounts[i];

		if (mount_is_above(mount, path, length) &&
			(!best || strlen(mount->point) >= strlen(best->point)) &&
			(on_top ? !is_being_resolved(search, mount)
				: !is_on_top(search, table, mount)))
			best = mount;
	}
	return best;
}

/* A mount may have gone lazily, or its path be covered, and the name now leads to an empty
 * directory in memory: only what cannot be that is believed. */
static bool resolve_in_memory(struct system_search *search, const char *process,
	const struct mount *mount, const char *path, size_t length, enum system_search_use use)
{
	struct stat st;

	if (use == USE_LOWER)
		return strlen(mount->point) == length;
	if (!find_file(search, process, path, length, &st))
		return false;
	if (use == USE_FILE && S_ISBLK(st.st_mode)) {
		system_search_devnum(search, st.st_rdev);
		return true;
	}
	return use == USE_FILE ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode);
}

static bool resolve_in(struct system_search *search, const struct mounts *table, const char *path,
	size_t length, enum system_search_use use, bool on_top)
{
	const struct mount *mount = find_mount(search, table, path, length, on_top);

	if (!mount)
		return false;
	if (mount_is_in_memory(mount))
		return resolve_in_memory(search, table->process, mount, path, length, use);
	system_search_mount(search, mount);
	return true;
}

/* Resolves what PATH is on for everybody who may have given it. First as it was when the mount that
 * is being resolved was made, without what was mounted on top of it later. */
void system_search_path(
	struct system_search *search, const char *path, size_t length, enum system_search_use use)
{
	bool found = false;

	for (int on_top = 0; on_top <= 1 && !found; on_top++)
		for (size_t i = 0; i < search->n_tables; i++)
			found |= resolve_in(
				search, &search->tables[i], path, length, use, on_top != 0);
	if (!found)
		search->disks->undecided = true;
}
