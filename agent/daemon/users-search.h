/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for the users of a disk, as its parts share it. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "mountinfo.h"
#include "users-stack.h"
#include "users.h"

/* "PID/task/TID/" and the longest name of what is read of a thread. */
#define PROCESS_PATH_SIZE 64

/* "mnt:[4026531841]" */
#define NAMESPACE_SIZE 32

struct search {
	int procfd, sysfd;
	pid_t self;
	const struct disk *disk;
	struct stack stack;
	struct disk_user *users;
	size_t max, count;
	char (*namespaces)[NAMESPACE_SIZE]; /* mount namespaces seen so far */
	size_t n_namespaces;
	bool targets_seen;   /* those of configfs, which is the same wherever it is mounted */
	unsigned busy_rings; /* those of io_uring that did not tell their files */
};

/* Adds a user of NODE; WHAT is not encoded yet. PID is 0 if there is no process to name. */
int search_add(struct search *search, const char *kind, const struct stack_node *node,
	const char *what, pid_t pid);

/* Calls FIND with each process, until it returns something else than 0, which is returned. */
int search_processes(struct search *search, int (*find)(struct search *, pid_t pid, void *));

/* The same with DATA and each thread of a process but the first. Most have no other, which costs
 * little to know. */
int search_threads(struct search *search, pid_t pid,
	int (*find)(struct search *, pid_t thread, void *data), void *data);

/* Adds the mounts in our own mount namespace, and notes it as seen. */
int search_own_mounts(struct search *search);

/* Adds the mounts in the mount namespaces of a process and its threads that were not seen before.
 * The last argument is for search_processes(), here and below. */
int search_mounts(struct search *search, pid_t pid, void *unused);

/* Adds what the kernel has a device of the stack open for, by the name of its item in configfs;
 * before all mounts. That is mounted for it: the path to another's mount can lead through a file
 * system that hangs, or to what is bound over it. */
int search_targets(struct search *search);

/* The same in this MOUNT of PROCESS ("self", "PID"), if mounting it for ourselves has failed:
 * before Linux 5.2, or without the privilege. */
int search_mounted_targets(struct search *search, const char *process, const struct mount *mount);

/* Adds the file systems that are there though no process sees them mounted; after all mounts. */
int search_unmounted(struct search *search);

/* Returns the device of the stack that is registered with the io_uring whose fdinfo is at PATH
 * below PROCFD, or NULL. A ring that is busy does not tell; it is asked again for a while, then
 * *RET_UNTOLD is set. */
const struct stack_node *search_ring(struct search *search, const char *path, bool *ret_untold);

/* Adds a process if it has a device of the stack open, or a file on one that is not mounted for it
 * to be found by; after all mounts. */
int search_open_files(struct search *search, pid_t pid, void *unused);
