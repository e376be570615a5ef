/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps everybody from writing to a disk between the last look for users and the moment when it is
 * offline. */
#include "hold-guard.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "hold-take.h"
#include "jobs.h"
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

/* Without it, a disk may stay read-only if everybody is killed; without the rest, data are lost. */
static void make_mark(const struct hold_task *task)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/read-only", task->roots->run_dir);
	mkdir(path, 0755);
	name_mark(task->roots, task->disk, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	closep(&fd);
}

static void make_writable(const struct hold_task *task, int disk)
{
	char path[PATH_MAX];

	if (ioctl(disk, BLKROSET, &(int){ 0 }) < 0)
		return;
	name_mark(task->roots, task->disk, path);
	unlink(path);
}

/* What is read-only already is somebody else's to make writable. */
static int make_read_only(const struct hold_task *task, int *ret_disk)
{
	_cleanup_close_ int disk = -1;
	int r = hold_open_disk(task, 0, &disk), read_only;

	if (r < 0)
		return r;
	if (ioctl(disk, BLKROGET, &read_only) < 0)
		return -errno;
	if (read_only)
		return 0;
	make_mark(task);
	if (ioctl(disk, BLKROSET, &(int){ 1 }) < 0)
		r = -errno;
	if (r < 0)
		make_writable(task, disk);
	else
		*ret_disk = steal_fd(&disk);
	return r;
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

static int mend(void *data)
{
	const struct hold_task *task = data;
	_cleanup_close_ int disk = -1;
	char uevent[sizeof("block//uevent") + DISK_NAME_SIZE];

	if (hold_open_disk(task, 0, &disk) < 0)
		return 1;
	make_writable(task, disk);
	snprintf(uevent, sizeof(uevent), "block/%s/uevent", task->disk->name);
	write_attr_at(task->roots->sysfd, uevent, "change");
	return 0;
}

int hold_guard_mend(const struct hold_roots *roots, const struct disk *disk)
{
	struct hold_task task = { .roots = roots, .disk = disk };
	char name[sizeof("mend ") + DISK_NAME_SIZE];

	snprintf(name, sizeof(name), "mend %s", disk->name);
	return job_start(name, mend, &task, roots->sysfd);
}
