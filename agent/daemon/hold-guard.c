/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps everybody from writing to a disk between the last look for users and the moment when it is
 * offline. */
#include "hold-guard.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "hold-take.h"
#include "jobs.h"
#include "log.h"
#include "util.h"

struct guard {
	const struct hold_task *task;
	int socket;
};

/* By the number that no other disk gets before a reboot, which empties run_dir. */
static void name_mark(const struct hold_roots *roots, const struct disk *disk, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/read-only/%llu", roots->run_dir,
		(unsigned long long)disk->diskseq);
}

/* Waits for the guard that has it, or for who mends what a killed one has left. Returns a
 * descriptor that keeps the lock; -ENOENT without O_CREAT in FLAGS if there is none (any more). */
static int lock_mark(const char *path, int flags)
{
	struct stat st;

	for (;;) {
		_cleanup_close_ int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0644);

		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
			return -errno;
		/* Whoever had it may have removed it. */
		if (st.st_nlink > 0)
			return steal_fd(&fd);
	}
}

/* Without it, a disk may stay read-only if everybody is killed; without the rest, data are lost. */
static int make_mark(const struct hold_task *task)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/read-only", task->roots->run_dir);
	mkdir(path, 0755);
	name_mark(task->roots, task->disk, path);
	return lock_mark(path, O_CREAT);
}

/* From when something is in it, it was its guard that has the disk read-only. */
static bool is_written(int mark)
{
	struct stat st;

	return mark >= 0 && fstat(mark, &st) == 0 && st.st_size > 0;
}

static void remove_mark(const struct hold_task *task)
{
	char path[PATH_MAX];

	name_mark(task->roots, task->disk, path);
	unlink(path);
}

static void make_writable(const struct hold_task *task, int disk)
{
	if (ioctl(disk, BLKROSET, &(int){ 0 }) == 0)
		remove_mark(task);
}

/* What is read-only already is somebody else's to make writable, unless its guard was killed.
 * Returns 1 if it is for this one to do. The lock on the mark goes with this process. */
static int set_read_only(const struct hold_task *task, int disk)
{
	int mark = make_mark(task), read_only, r;

	if (ioctl(disk, BLKROGET, &read_only) < 0)
		return -errno;
	if (read_only && !is_written(mark)) {
		if (mark >= 0)
			remove_mark(task);
		return 0;
	}
	if (mark >= 0 && write(mark, "1", 1) != 1)
		log_warning("%s: cannot note that it is read-only", task->disk->name);
	if (ioctl(disk, BLKROSET, &(int){ 1 }) == 0)
		return 1;
	r = -errno;
	make_writable(task, disk);
	return r;
}

static int make_read_only(const struct hold_task *task, int *ret_disk)
{
	_cleanup_close_ int disk = -1;
	int r = hold_open_disk(task, 0, &disk);

	if (r == 0)
		r = set_read_only(task, disk);
	if (r > 0)
		*ret_disk = steal_fd(&disk);
	return r < 0 ? r : 0;
}

/* Ends when nobody has the other end any more, or somebody has shut it down. */
static int keep_guard(void *data)
{
	const struct guard *guard = data;
	unsigned char byte;
	int disk = -1;

	/* Whatever ends the agent, the disk is not left read-only. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGTERM, SIG_IGN);
	if (read(guard->socket, &byte, 1) != 1)
		return 0;
	byte = (unsigned char)-make_read_only(guard->task, &disk);
	if (send(guard->socket, &byte, 1, MSG_NOSIGNAL) == 1)
		while (read(guard->socket, &byte, 1) > 0)
			;
	if (disk >= 0)
		make_writable(guard->task, disk);
	return 0;
}

int hold_guard_start(const struct hold_task *task, int *ret)
{
	struct guard guard = { .task = task };
	struct child *child;
	int sockets[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	guard.socket = sockets[1];
	r = child_start(keep_guard, &guard, &guard.socket, 1, &child);
	close(sockets[1]);
	if (r < 0) {
		close(sockets[0]);
		return r;
	}
	child_leave(child);
	*ret = sockets[0];
	return 0;
}

int hold_guard_set(int guard)
{
	unsigned char byte = 0;

	if (send(guard, &byte, 1, MSG_NOSIGNAL) != 1 || read(guard, &byte, 1) != 1)
		return -EIO;
	return -(int)byte;
}

void hold_guard_lift(int guard)
{
	char byte;

	if (guard < 0)
		return;
	shutdown(guard, SHUT_WR);
	while (read(guard, &byte, 1) > 0)
		;
}

bool hold_guard_holds(const struct hold_task *task)
{
	char value[8];

	return task->guard < 0 || (read_attr_at(task->directory, "ro", value, sizeof(value)) == 0 &&
					  strcmp(value, "1") == 0);
}

void hold_guard_drop(int *guard)
{
	if (*guard < 0)
		return;
	shutdown(*guard, SHUT_WR);
	close(*guard);
	*guard = -1;
}

bool hold_guard_is_left(const struct hold_roots *roots, const struct disk *disk)
{
	char path[PATH_MAX];

	name_mark(roots, disk, path);
	return access(path, F_OK) == 0;
}

/* The kernel does not. */
static void tell_change(const struct hold_task *task)
{
	char uevent[sizeof("block//uevent") + DISK_NAME_SIZE];

	snprintf(uevent, sizeof(uevent), "block/%s/uevent", task->disk->name);
	write_attr_at(task->roots->sysfd, uevent, "change");
}

static void mend_disk(const struct hold_task *task, int disk)
{
	log_warning("%s: who had it read-only for its release was killed: making it writable",
		task->disk->name);
	make_writable(task, disk);
	tell_change(task);
}

static int mend(void *data)
{
	const struct hold_task *task = data;
	_cleanup_close_ int disk = -1, mark = -1;
	char path[PATH_MAX];

	name_mark(task->roots, task->disk, path);
	mark = lock_mark(path, 0);
	/* Its guard lived, and was done: the agent may have read it before. */
	if (mark == -ENOENT) {
		tell_change(task);
		return 0;
	}
	if (mark < 0 || hold_open_disk(task, 0, &disk) < 0)
		return 1;
	if (is_written(mark))
		mend_disk(task, disk);
	else
		remove_mark(task);
	return 0;
}

int hold_guard_mend(const struct hold_roots *roots, const struct disk *disk)
{
	struct hold_task task = { .roots = roots, .disk = disk };
	char name[sizeof("mend ") + DISK_NAME_SIZE];

	snprintf(name, sizeof(name), "mend %s", disk->name);
	return job_start(name, mend, &task, roots->sysfd);
}
