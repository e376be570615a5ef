/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until somebody who uses a disk may have let go of it. */
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "hold-take.h"
#include "uevent.h"
#include "util.h"

/* Changes come in flocks, and somebody may open and close the disk all the time: after the first
 * one this long is waited for more, so that looking again costs little of a processor. */
#define AWAIT_FLOCK_MS 20

/* Inotify, uevents, our mounts, swaps; for each user the process and its mounts. */
#define AWAIT_FDS_MAX (4 + 2 * HOTSLOT_USERS_MAX)

struct await {
	struct pollfd fds[AWAIT_FDS_MAX];
	nfds_t n;
};

/* What cannot be opened is not watched; then time passes. */
static void watch(struct await *await, int fd, short events)
{
	if (fd >= 0)
		await->fds[await->n++] = (struct pollfd){ .fd = fd, .events = events };
}

static int open_proc(const struct hold_task *task, const char *path)
{
	return openat(task->roots->procfd, path, O_RDONLY | O_CLOEXEC);
}

/* The kernel's own uevents: of a mapping, an array or a partition that is gone. */
static int open_uevents(void)
{
	_cleanup_close_ int fd = uevent_open(0);

	return fd < 0 || uevent_listen(fd) < 0 ? -1 : steal_fd(&fd);
}

static void watch_all(struct await *await, const struct hold_task *task)
{
	watch(await, hold_watch_nodes(task, IN_CLOSE), POLLIN);
	watch(await, open_uevents(), POLLIN);
	watch(await, open_proc(task, "self/mountinfo"), POLLPRI);
	watch(await, open_proc(task, "swaps"), POLLPRI);
}

/* A process that ends, or unmounts in a namespace of its own. */
static void watch_users(struct await *await, const struct hold_task *task)
{
	const struct hold_answer *answer = task->answer;

	for (size_t i = 0; i < answer->count && i < HOTSLOT_USERS_MAX; i++) {
		char path[sizeof("2147483647/mountinfo")];
		pid_t pid = answer->users[i].pid;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "%d/mountinfo", pid);
		watch(await, (int)syscall(SYS_pidfd_open, pid, 0), POLLIN);
		watch(await, open_proc(task, path), POLLPRI);
	}
}

static void await_change(struct await *await, int patience_ms)
{
	uint64_t end = now_ms() + AWAIT_FLOCK_MS, now;

	if (poll(await->fds, await->n, patience_ms) <= 0)
		return;
	while ((now = now_ms()) < end)
		poll(NULL, 0, (int)(end - now));
}

/* Mounting it fails while it is claimed: that is only tried when nobody else seems to have it. */
static int look(const struct hold_task *task)
{
	_cleanup_close_ int claim = -1;
	int r = hold_find_users(task);

	if (r != HOLD_DONE)
		return r;
	r = hold_open_disk(task, O_EXCL, &claim);
	if (r == -EBUSY) {
		hold_blame_nobody(task, "exclusive");
		return HOLD_BUSY;
	}
	return r;
}

int hold_await_in_child(void *data)
{
	const struct hold_task *task = data;
	struct await await = { .n = 0 };
	int r;

	/* What changes after the look is then heard of. */
	watch_all(&await, task);
	r = look(task);
	if (r == HOLD_BUSY) {
		watch_users(&await, task);
		await_change(&await, task->wait_ms);
	}
	task->answer->result = r;
	return 0;
}
