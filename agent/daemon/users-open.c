/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that have a disk open: its nodes, or files on it. */
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "users-search.h"
#include "util.h"

/* Of the flags in a process's stat: PF_KTHREAD. */
#define KERNEL_THREAD 0x00200000

/* What a process uses, and as what. */
struct use {
	const struct stack_node *node; /* NULL: nothing of the stack */
	char file[PATH_MAX];	       /* a file on it, or empty: itself */
	bool ring_open, ring_mapped;   /* some io_uring */
	bool untold;		       /* a ring is too busy to tell its files */
};

/* What a thread can have for itself: descriptors, the directories that it is in, memory. */
static const int parts[] = { KCMP_FILES, KCMP_FS, KCMP_VM };

struct process {
	pid_t pid;
	pid_t last[ARRAY_SIZE(parts)]; /* the thread whose part was looked at last */
	struct use use;
};

/* Whether a process is none that could be a user: the agent's child, or the kernel's own, which has
 * no files. Most are, and looking into each costs far more than this.
 * "PID (COMM) STATE PPID PGRP SESSION TTY TPGID FLAGS …", proc(5). */
static bool is_no_user(const struct search *search, pid_t pid)
{
	char path[PROCESS_PATH_SIZE], stat[1024], *rest;
	unsigned flags = 0;
	int parent;

	snprintf(path, sizeof(path), "%d/stat", pid);
	if (read_attr_at(search->procfd, path, stat, sizeof(stat)) < 0)
		return false;
	rest = strrchr(stat, ')'); /* a name can hold parentheses, too */
	if (!rest || sscanf(rest, ") %*c %d %*d %*d %*d %*d %u", &parent, &flags) < 1)
		return false;
	return parent == search->self || (flags & KERNEL_THREAD);
}

/* A file on a device that is mounted is no news: the mount is named. */
static const struct stack_node *find_below_file(const struct stack *stack, const struct statx *st)
{
	const struct stack_node *node =
		stack_by_devnum(stack, makedev(st->stx_dev_major, st->stx_dev_minor));

	return node && !node->mounted ? node : NULL;
}

/* A ring that is mapped tells nothing of its files: only a descriptor has fdinfo. */
static void find_in_ring(struct search *search, const char *process, const char *directory,
	const char *name, struct use *ret)
{
	char path[PROCESS_PATH_SIZE];

	ret->file[0] = '\0';
	if (strcmp(directory, "fd") != 0) {
		ret->ring_mapped = true;
		return;
	}
	ret->ring_open = true;
	snprintf(path, sizeof(path), "%s/fdinfo/%.16s", process, name);
	ret->node = search_ring(search, path, &ret->untold);
}

/* What a link of /proc leads to. Sockets, pipes and the like have no path, some things one that is
 * too long to be told; and no file server is asked, which may be dead. */
static void find_behind(const struct stack *stack, int dirfd, const char *name, struct use *ret)
{
	ssize_t length = readlinkat(dirfd, name, ret->file, sizeof(ret->file) - 1);
	bool too_long = length < 0 && errno == ENAMETOOLONG;
	struct statx st;
	dev_t rdev;

	ret->file[length < 0 ? 0 : length] = '\0';
	if ((ret->file[0] != '/' && !too_long) ||
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

/* Looks behind each link of a directory of PROCESS ("PID" or "PID/task/TID"). */
static int find_in_directory(
	struct search *search, const char *process, const char *name, struct use *ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PROCESS_PATH_SIZE];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/%s", process, name);
	dir = open_directory_at(search->procfd, path);
	if (!dir) /* it has ended */
		return errno == ENOMEM ? -ENOMEM : 0;
	while (!ret->node && (entry = readdir(dir))) {
		find_behind(&search->stack, dirfd(dir), entry->d_name, ret);
		if (strcmp(ret->file, "anon_inode:[io_uring]") == 0)
			find_in_ring(search, process, name, entry->d_name, ret);
	}
	return 0;
}

static void find_link(struct search *search, const char *process, const char *name, struct use *ret)
{
	char path[PROCESS_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", process, name);
	if (!ret->node)
		find_behind(&search->stack, search->procfd, path, ret);
}

/* What is mapped needs no descriptor. Only below its own number does a thread show that. */
static int find_mapped(struct search *search, pid_t thread, struct use *ret)
{
	char process[PROCESS_PATH_SIZE / 2];

	snprintf(process, sizeof(process), "%d", thread);
	find_link(search, process, "exe", ret);
	return ret->node ? 0 : find_in_directory(search, process, "map_files", ret);
}

static int find_part(
	struct search *search, int part, const char *process, pid_t thread, struct use *ret)
{
	if (part == KCMP_FILES)
		return find_in_directory(search, process, "fd", ret);
	if (part == KCMP_VM)
		return find_mapped(search, thread, ret);
	find_link(search, process, "cwd", ret);
	find_link(search, process, "root", ret);
	return 0;
}

static bool shares(pid_t a, pid_t b, int part)
{
	return syscall(SYS_kcmp, a, b, part, 0, 0) == 0;
}

/* A thread shares all with its process, unless that part of the process has ended or the thread
 * has left it. A kernel that does not tell has them all looked at. */
static int find_in_thread(struct search *search, pid_t thread, void *data)
{
	struct process *process = data;
	char path[PROCESS_PATH_SIZE / 2];
	int r = 0;

	snprintf(path, sizeof(path), "%d/task/%d", process->pid, thread);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0 && !process->use.node; i++) {
		if (shares(thread, process->pid, parts[i]) ||
			shares(thread, process->last[i], parts[i]))
			continue;
		process->last[i] = thread;
		r = find_part(search, parts[i], path, thread, &process->use);
	}
	return r < 0 ? r : process->use.node != NULL;
}

static int find_in_process(struct search *search, struct process *process)
{
	char path[PROCESS_PATH_SIZE / 2];
	int r = 0;

	snprintf(path, sizeof(path), "%d", process->pid);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0 && !process->use.node; i++) {
		process->last[i] = process->pid;
		r = find_part(search, parts[i], path, process->pid, &process->use);
	}
	if (r == 0 && !process->use.node)
		r = search_threads(search, process->pid, find_in_thread, process);
	return r;
}

/* Whether it can have registered the disk with a ring that tells nothing: one that is busy, or one
 * that is in use though its descriptor is closed (IORING_REGISTER_RING_FDS, IORING_SETUP_SQPOLL).
 * Then it is a user, lest what it writes gets lost. */
static bool is_suspect(const struct use *use)
{
	return use->untold || (use->ring_mapped && !use->ring_open);
}

int search_open_files(struct search *search, pid_t pid, void *unused)
{
	struct process process = { .pid = pid };
	struct use *use = &process.use;
	int r;

	(void)unused;
	if (pid == search->self || is_no_user(search, pid))
		return 0;
	r = find_in_process(search, &process);
	if (r == 0 && !use->node && is_suspect(use)) {
		use->node = stack_by_devnum(&search->stack, search->disk->devnum);
		strcpy(use->file, "io_uring");
	}
	if (r < 0 || !use->node)
		return r;
	return search_add(search, "open", use->node, use->file, pid);
}
