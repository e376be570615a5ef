/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that stands for the turn to talk with a domain's agent: where it is, opened safely, and
 * removed.
 *
 * All of one user's processes have to find the same one, whatever the URI by which they are
 * connected to the domain's host, so the UUIDs of both name it. Only who has the turn removes it,
 * so that there are never two of which somebody has the turn; who has opened it meanwhile looks
 * whether it is gone when he gets it.
 */
#include "turn-file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

/* Root's login sessions come and go, and most of root's processes are in none: all of them meet
 * here. */
#define ROOT_BASE "/run"
#define ROOT_SESSION "/run/user/0"

#define NAME "hotslot"

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

static bool is_root_session(const char *path)
{
	static const char session[] = ROOT_SESSION;
	size_t length = sizeof(session) - 1;

	return strncmp(path, session, length) == 0 &&
	       path[length + strspn(path + length, "/")] == '\0';
}

int turn_file_base(const char *runtime, unsigned uid, bool second, char ret[static TURN_BASE_SIZE])
{
	bool given = runtime && runtime[0] == '/' && !(uid == 0 && is_root_session(runtime));
	int n;

	if (second && !given)
		return -ENOENT;
	if (given && !second)
		n = snprintf(ret, TURN_BASE_SIZE, "%s", runtime);
	else if (uid == 0)
		n = snprintf(ret, TURN_BASE_SIZE, "%s", ROOT_BASE);
	else
		n = snprintf(ret, TURN_BASE_SIZE, "/run/user/%u", uid);
	return n < TURN_BASE_SIZE ? 0 : -ENAMETOOLONG;
}

static int open_base(bool second)
{
	char base[TURN_BASE_SIZE];
	int r = turn_file_base(getenv("XDG_RUNTIME_DIR"), geteuid(), second, base);

	return r < 0 ? r : open_directory(AT_FDCWD, base);
}

/* In the caller's base, made if it is not there. */
static int find_directory(void)
{
	_cleanup_close_ int first = open_base(false);
	_cleanup_close_ int second = -1;
	int base = first;

	/* It may be another user's, as sudo leaves it. */
	if (first < 0)
		base = second = open_base(true);
	if (base < 0)
		return base;
	if (mkdirat(base, NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	return open_directory(base, NAME);
}

int turn_file_open(const char *key)
{
	_cleanup_close_ int directory = find_directory();
	_cleanup_close_ int fd = -1;
	int r;

	if (directory < 0)
		return directory;
	fd = openat(directory, key, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = check_owner(fd, S_IFREG, S_IWGRP | S_IWOTH);
	return r < 0 ? r : steal_fd(&fd);
}

bool turn_file_is_gone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

void turn_file_remove(const char *key, int fd)
{
	_cleanup_close_ int directory = find_directory();
	struct stat own, st;

	if (directory < 0 || fstat(fd, &own) < 0 ||
		fstatat(directory, key, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (st.st_dev == own.st_dev && st.st_ino == own.st_ino)
		(void)unlinkat(directory, key, 0);
}
