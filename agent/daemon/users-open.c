/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that have a node of a disk open. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "users-search.h"
#include "util.h"

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

/* The device of the stack that descriptor NAME in DIRFD is open on, or NULL. Sockets, pipes and
 * the like have no path; and no file server is asked, which may be dead. */
static const struct stack_node *find_open(const struct stack *stack, int dirfd, const char *name)
{
	struct statx st;
	char target[1];

	if (readlinkat(dirfd, name, target, sizeof(target)) != 1 || target[0] != '/')
		return NULL;
	if (statx(dirfd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0)
		return NULL;
	if (!S_ISBLK(st.stx_mode))
		return NULL;
	return stack_by_devnum(stack, makedev(st.stx_rdev_major, st.stx_rdev_minor));
}

int search_open_files(struct search *search, pid_t pid)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PROCESS_PATH_SIZE];
	const struct stack_node *node = NULL;
	struct dirent *entry;

	snprintf(path, sizeof(path), "%d/fd", pid);
	dir = open_directory_at(search->procfd, path);
	if (!dir) /* it has ended */
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!node && (entry = readdir(dir)))
		node = find_open(&search->stack, dirfd(dir), entry->d_name);
	if (!node || pid == search->self || read_parent(search->procfd, pid) == search->self)
		return 0;
	return search_add(search, "open", node->device, "", pid);
}
