/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes that there are, and their threads. */
#include <string.h>
#include <sys/stat.h>

#include "users-search.h"
#include "util.h"

/* The kernel's (PID_MAX_LIMIT). */
#define PID_MAX (4 * 1024 * 1024)

/* Of the directory of a process with one thread: it has one for each thread besides its two
 * (proc_task_getattr() in fs/proc/base.c). */
#define ALONE_LINKS 3

static int for_each_number(struct search *search, const char *path, pid_t but,
	int (*find)(struct search *, pid_t, void *), void *data)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(search->procfd, path);
	struct dirent *entry;
	uint64_t pid;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (parse_u64(entry->d_name, PID_MAX, &pid) == 0 && (pid_t)pid != but)
			r = find(search, (pid_t)pid, data);
	return r;
}

int search_processes(struct search *search, int (*find)(struct search *, pid_t, void *))
{
	return for_each_number(search, ".", 0, find, NULL);
}

int search_threads(
	struct search *search, pid_t pid, int (*find)(struct search *, pid_t, void *), void *data)
{
	char path[PROCESS_PATH_SIZE];
	struct stat st;
	int r;

	snprintf(path, sizeof(path), "%d/task", pid);
	if (fstatat(search->procfd, path, &st, 0) < 0 || st.st_nlink == ALONE_LINKS)
		return 0;
	r = for_each_number(search, path, pid, find, data);
	return r < 0 && r != -ENOMEM ? 0 : r; /* it has ended */
}
