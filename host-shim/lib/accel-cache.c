/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembering whether KVM works on this host, until it is booted again. */
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "accel.h"

/* An emulator or two, a few connections. */
#define CACHE_SIZE_MAX 65536
#define BOOT_ID_SIZE 40

static int cache_path(bool make, char **ret)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *directory = NULL;
	bool xdg = cache && cache[0] == '/';

	if (!xdg && (!home || home[0] != '/'))
		return -ENOENT;
	if (asprintf(&directory, "%s%s/hotslot", xdg ? cache : home, xdg ? "" : "/.cache") < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	if (make && make_directories(directory) < 0)
		return -EIO;
	return asprintf(ret, "%s/accel.json", directory) < 0 ? -ENOMEM : 0;
}

static int read_boot_id(char ret[BOOT_ID_SIZE])
{
	return read_attr_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret, BOOT_ID_SIZE);
}

/* What the file holds for this boot; an empty object if nothing. NULL: no memory. */
static json_t *load(const char *path, const char *boot_id)
{
	_cleanup_free_ char *text = NULL;
	json_t *cache = NULL;
	const char *written;
	size_t length;

	if (read_file_at(AT_FDCWD, path, CACHE_SIZE_MAX, &text, &length) == 0)
		cache = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	written = json_string_value(json_object_get(cache, "boot-id"));
	if (written && strcmp(written, boot_id) == 0 &&
		json_is_object(json_object_get(cache, "kvm")))
		return cache;
	json_decref(cache);
	return json_pack("{s:s, s:{}}", "boot-id", boot_id, "kvm");
}

int accel_recall(const char *key)
{
	_cleanup_free_ char *path = NULL;
	char boot_id[BOOT_ID_SIZE];
	const json_t *works;
	json_t *cache;
	int r = cache_path(false, &path);

	if (r < 0)
		return r;
	r = read_boot_id(boot_id);
	if (r < 0)
		return r;
	cache = load(path, boot_id);
	works = json_object_get(json_object_get(cache, "kvm"), key);
	r = json_is_boolean(works) ? json_is_true(works) : -ENOENT;
	json_decref(cache);
	return r;
}

/* A launch that was killed leaves at most this one, which the next one takes over. -EAGAIN if
 * another is at it: then it is found out again. */
static int open_next(const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat ours, there;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	/* The one that had it may have renamed it meanwhile. */
	if (fstat(fd, &ours) < 0 || lstat(path, &there) < 0 || ours.st_ino != there.st_ino)
		return -EAGAIN;
	return ftruncate(fd, 0) < 0 ? -errno : steal_fd(&fd);
}

/* Whole or not at all: a second launch may read it meanwhile. */
static void save(const char *path, const json_t *cache)
{
	_cleanup_free_ char *next = NULL;
	_cleanup_close_ int fd = -1;

	if (asprintf(&next, "%s.next", path) < 0) {
		next = NULL;
		return;
	}
	fd = open_next(next);
	if (fd < 0)
		return;
	if (json_dumpfd(cache, fd, JSON_INDENT(2)) < 0 || rename(next, path) < 0)
		unlink(next);
}

void accel_remember(const char *key, bool works)
{
	_cleanup_free_ char *path = NULL;
	char boot_id[BOOT_ID_SIZE];
	json_t *cache;

	if (cache_path(true, &path) < 0 || read_boot_id(boot_id) < 0)
		return;
	cache = load(path, boot_id);
	if (cache &&
		json_object_set_new(json_object_get(cache, "kvm"), key, json_boolean(works)) == 0)
		save(path, cache);
	json_decref(cache);
}
