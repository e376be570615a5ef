/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps everybody from writing to a disk between the last look for users and the moment when it is
 * offline. */
#include "hold-guard.h"

#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "child.h"
#include "hold-take.h"
#include "util.h"

struct guard {
	const struct hold_task *task;
	int socket;
};

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
	if (ioctl(disk, BLKROSET, &(int){ 1 }) < 0)
		return -errno;
	*ret_disk = steal_fd(&disk);
	return 0;
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
		ioctl(disk, BLKROSET, &(int){ 0 });
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
