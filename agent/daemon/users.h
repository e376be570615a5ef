/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a disk: mounts, swap, device-mapper, md and loop devices, processes. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "disk.h"

/* Encoded text; what is longer is cut. Sixteen users (HOTSLOT_USERS_MAX) fit in a frame, even if
 * JSON escapes every byte of them. */
#define DISK_USER_WHAT_SIZE 1024

/* TASK_COMM_LEN (16) with its NUL, every byte encoded. */
#define DISK_USER_PROCESS_SIZE 64

/* The name of a logical volume, encoded; what is longer is cut. */
#define DISK_USER_THROUGH_SIZE 256

struct disk_user {
	char kind[12];			/* "mount", "swap", "holder", "open", "exclusive" */
	char device[DISK_NAME_SIZE];	/* the disk or partition that is used, "sdb1" */
	char what[DISK_USER_WHAT_SIZE]; /* mount point, holder, file, file system; may be empty */
	char through[DISK_USER_THROUGH_SIZE]; /* what stands on DEVICE and is used, or empty */
	pid_t pid;			      /* 0 if no process is known */
	char process[DISK_USER_PROCESS_SIZE]; /* its name, or empty */
};

/* Finds the users of DISK and of its N partitions, and of what is stacked on them at any depth:
 *
 * - mount: a mount of it in any mount namespace; pid is a process there unless it is our own
 * - swap
 * - holder: the topmost block devices that stand on it (device-mapper, md, bcache, loop), by name,
 *   or a mounted btrfs that it is part of ("btrfs UUID"); what the kernel itself has it open for,
 *   by its name in configfs ("nvmet/subsystems/NAME/namespaces/1")
 * - exclusive: a file system on it that no process sees mounted, by type: it was unmounted lazily
 * - open: a process that has its node open, mapped, registered with io_uring, or as its SCSI
 * generic device; or one that uses a file (what) of a file system that it does not see mounted
 *
 * A process is searched with those of its threads that share less than usual with it.
 *
 * PROCFD, SYSFD and DEV_DIR are directories like /proc, /sys and /dev. The process SELF and its
 * children are no users. Writes at most MAX users to RET; *ret_count is how many there are, which
 * may be more. Processes that end meanwhile are passed over. Reads files of other processes, so it
 * can block: hold_take() calls it in its child. */
int disk_users_find(int procfd, int sysfd, const char *dev_dir, pid_t self, const struct disk *disk,
	const struct partition *partitions, size_t n, struct disk_user *ret, size_t max,
	size_t *ret_count);
