/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that stands for the turn to talk with a domain's agent: where it is, opened safely.
 *
 * All of one user's processes have to find the same one, whatever libvirt they are connected to, so
 * the UUID names it. It is never removed: somebody may be about to wait for it.
 */
#include "turn-file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "util.h"

/* Of root's processes outside of any session. */
#define ROOT_DIRECTORY "/run"
#define ROOT_NAME "hotslot-host"

#define SESSION_NAME "hotslot"

/* Whether it is the caller's own, and nobody else's to change. */
static int check_owner(int fd, mode_t type, mode_t forbidden)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && !(st.st_mode & forbidden)
		       ? 0
		       : -EPERM;
}

static int open_directory(int at, const char *name)
{
	_cleanup_close_ int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = check_owner(fd, S_IFDIR, S_IWGRP | S_IWOTH);
	return r < 0 ? r : steal_fd(&fd);
}

/* The directory NAME in BASE, made if it is not there. */
static int make_directory(const char *base, const char *name)
{
	_cleanup_close_ int fd = open_directory(AT_FDCWD, base);

	if (fd < 0)
		return fd;
	if (mkdirat(fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	return open_directory(fd, name);
}

static int find_directory(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[64];
	int fd = -ENOENT;

	/* It may be another user's, as sudo leaves it. */
	if (runtime && runtime[0] == '/')
		fd = make_directory(runtime, SESSION_NAME);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/run/user/%u", (unsigned)geteuid());
		fd = make_directory(path, SESSION_NAME);
	}
	return fd < 0 && geteuid() == 0 ? make_directory(ROOT_DIRECTORY, ROOT_NAME) : fd;
}

int turn_file_open(const char *uuid)
{
	_cleanup_close_ int directory = find_directory();
	_cleanup_close_ int fd = -1;
	int r;

	if (directory < 0)
		return directory;
	fd = openat(directory, uuid, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = check_owner(fd, S_IFREG, S_IWGRP | S_IWOTH);
	return r < 0 ? r : steal_fd(&fd);
}
