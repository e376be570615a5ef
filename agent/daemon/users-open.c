/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that have a disk open: its nodes, or files on it. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "users-search.h"
#include "util.h"

/* What fdinfo says of a ring: a line for each of its files, of which it can have a million
 * (IORING_MAX_REG_BUFFERS and the like); a ring with a disk among more is not looked through. */
#define FDINFO_MAX (256 * 1024)

/* What a process uses, and as what. */
struct use {
	const struct stack_node *node; /* NULL: nothing of the stack */
	char file[PATH_MAX];	       /* a file on it, or empty: itself */
};

/* "PID (COMM) STATE PPID …", proc(5); what comes after that is not read. */
static pid_t read_parent(int procfd, pid_t pid)
{
	char path[PROCESS_PATH_SIZE], stat[1024], *rest;
	int parent;

	snprintf(path, sizeof(path), "%d/stat", pid);
	if (read_attr_at(procfd, path, stat, sizeof(stat)) < 0)
		return 0;
	rest = strrchr(stat, ')'); /* a name can hold parentheses, too */
	if (!rest || sscanf(rest, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/* A file on a device that is mounted is no news: the mount is named. */
static const struct stack_node *find_below_file(const struct stack *stack, const struct statx *st)
{
	const struct stack_node *node =
		stack_by_devnum(stack, makedev(st->stx_dev_major, st->stx_dev_minor));

	return node && !node->mounted ? node : NULL;
}

/* io_uring keeps files that have no descriptor any more. The kernel tells their last names only:
 * "    0: sdb". */
static void find_in_ring(struct search *search, pid_t pid, const char *fd, struct use *ret)
{
	_cleanup_free_ char *data = NULL;
	char path[PROCESS_PATH_SIZE], *rest, *line;
	size_t length;

	ret->file[0] = '\0';
	snprintf(path, sizeof(path), "%d/fdinfo/%.16s", pid, fd);
	if (read_file_at(search->procfd, path, FDINFO_MAX, &data, &length) < 0)
		return;
	rest = data;
	while (!ret->node && (line = strsep(&rest, "\n"))) {
		char name[DISK_NAME_SIZE];

		if (sscanf(line, " %*u: %31s", name) == 1)
			ret->node = stack_by_name(&search->stack, name);
	}
}

/* What a link of /proc leads to. Sockets, pipes and the like have no path; and no file server is
 * asked, which may be dead. */
static void find_behind(const struct stack *stack, int dirfd, const char *name, struct use *ret)
{
	ssize_t length = readlinkat(dirfd, name, ret->file, sizeof(ret->file) - 1);
	struct statx st;
	dev_t rdev;

	ret->file[length < 0 ? 0 : length] = '\0';
	if (ret->file[0] != '/' ||
		statx(dirfd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0)
		return;
	rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor);
	if (S_ISBLK(st.stx_mode))
		ret->node = stack_by_devnum(stack, rdev);
	else if (S_ISCHR(st.stx_mode))
		ret->node = stack_by_generic(stack, rdev);
	if (ret->node)
		ret->file[0] = '\0';
	else
		ret->node = find_below_file(stack, &st);
}

/* Looks behind each link of a directory of the process: its descriptors, or what it has mapped,
 * which needs no descriptor. */
static int find_in_directory(struct search *search, pid_t pid, const char *name, struct use *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PROCESS_PATH_SIZE];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	dir = open_directory_at(search->procfd, path);
	if (!dir) /* it has ended */
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!ret->node && (entry = readdir(dir))) {
		find_behind(&search->stack, dirfd(dir), entry->d_name, ret);
		if (strcmp(ret->file, "anon_inode:[io_uring]") == 0)
			find_in_ring(search, pid, entry->d_name, ret);
	}
	return 0;
}

/* Where a process is. */
static void find_place(struct search *search, pid_t pid, struct use *ret)
{
	static const char *const links[] = { "cwd", "root", "exe" };

	for (size_t i = 0; i < ARRAY_SIZE(links) && !ret->node; i++) {
		char path[PROCESS_PATH_SIZE];

		snprintf(path, sizeof(path), "%d/%s", pid, links[i]);
		find_behind(&search->stack, search->procfd, path, ret);
	}
}

int search_open_files(struct search *search, pid_t pid)
{
	struct use use = { .node = NULL };
	int r;

	if (pid == search->self)
		return 0;
	r = find_in_directory(search, pid, "fd", &use);
	if (r == 0 && !use.node)
		find_place(search, pid, &use);
	if (r == 0 && !use.node)
		r = find_in_directory(search, pid, "map_files", &use);
	if (r < 0 || !use.node || read_parent(search->procfd, pid) == search->self)
		return r;
	return search_add(search, "open", use.node, use.file, pid);
}
