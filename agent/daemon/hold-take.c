/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What taking a disk out of use does in its child: wait for udevd, look for users, claim, flush. */
#include "hold-take.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "users-stack.h"
#include "util.h"

/* udevd's workers have a disk open for some 10 ms after an event, some 100 with a distribution's
 * rules, more under load. What is open after that is a user. */
#define UDEVD_WAIT_S 5

static int open_node(const struct hold_task *task, const char *name, int flags)
{
	_cleanup_close_ int dir = open(task->roots->dev_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir < 0)
		return -errno;
	/* Never for writing: closing it then makes a change event and a rescan of partitions. */
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags);
	return fd < 0 ? -errno : fd;
}

static int open_disk(const struct hold_task *task, int flags, int *ret)
{
	_cleanup_close_ int fd = open_node(task, task->disk->name, flags);
	struct stat st;
	uint64_t diskseq;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (st.st_rdev != task->disk->devnum || diskseq != task->disk->diskseq)
		return -ESTALE;
	*ret = steal_fd(&fd);
	return 0;
}

static void interrupt(int number)
{
	(void)number;
}

/* udevd holds a shared lock on a disk while it works on an event of it or of a partition, and
 * leaves it alone while somebody else has it locked (systemd.io/BLOCK_DEVICE_LOCKING). */
static void wait_for_udevd(int disk)
{
	const struct sigaction action = { .sa_handler = interrupt };
	/* It goes off again, lest the first one comes before flock() sleeps. */
	const struct itimerval timer = { .it_value = { .tv_sec = UDEVD_WAIT_S },
		.it_interval = { .tv_sec = 1 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	flock(disk, LOCK_EX);
	setitimer(ITIMER_REAL, &(const struct itimerval){ .it_value = { .tv_sec = 0 } }, NULL);
}

static bool is_offline(const struct hold_task *task)
{
	char state[32];

	return read_attr_at(task->directory, "device/state", state, sizeof(state)) == 0 &&
	       strcmp(state, "offline") == 0;
}

static int find_users(const struct hold_task *task)
{
	struct hold_answer *answer = task->answer;
	int r;

	r = disk_users_find(task->roots->procfd, task->roots->sysfd, task->agent, task->disk,
		task->partitions, task->n, answer->users, HOTSLOT_USERS_MAX, &answer->count);
	if (r < 0)
		return r;
	return answer->count > 0 ? HOLD_BUSY : HOLD_DONE;
}

/* udevd opens a disk before it asks for the lock, and closes it again when it does not get that. */
static bool is_udevd(const struct disk_user *user)
{
	return strcmp(user->kind, "open") == 0 &&
	       (strcmp(user->process, "(udev-worker)") == 0 ||
		       strcmp(user->process, "systemd-udevd") == 0);
}

static bool only_udevd_uses_it(const struct hold_answer *answer)
{
	for (size_t i = 0; i < answer->count && i < HOTSLOT_USERS_MAX; i++)
		if (!is_udevd(&answer->users[i]))
			return false;
	return true;
}

static void watch_node(const struct hold_task *task, int watch, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", task->roots->dev_dir, name) <
		sizeof(path))
		inotify_add_watch(watch, path, IN_CLOSE);
}

/* Says of each time that somebody closes the disk or a partition. */
static int watch_closes(const struct hold_task *task)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (watch < 0)
		return -errno;
	watch_node(task, watch, task->disk->name);
	for (size_t i = 0; i < task->n; i++)
		watch_node(task, watch, task->partitions[i].name);
	return watch;
}

/* Returns false once the deadline has passed. */
static bool await_close(int watch, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = watch, .events = POLLIN };
	char events[1024];
	uint64_t now = now_ms();

	if (now >= deadline || poll(&poll_fd, 1, (int)(deadline - now)) <= 0)
		return false;
	while (read(watch, events, sizeof(events)) > 0)
		;
	return true;
}

/* Passes over udevd, which looks in for a moment. */
static int find_lasting_users(const struct hold_task *task)
{
	_cleanup_close_ int watch = watch_closes(task);
	uint64_t deadline = now_ms() + UDEVD_WAIT_S * 1000;
	int r;

	do
		r = find_users(task);
	while (r == HOLD_BUSY && watch >= 0 && only_udevd_uses_it(task->answer) &&
		await_close(watch, deadline));
	return r;
}

/* Somebody has claimed it, and nothing says who. */
static void blame_nobody(struct hold_answer *answer, const struct disk *disk)
{
	answer->users[0] = (struct disk_user){ .kind = "exclusive" };
	strcpy(answer->users[0].device, disk->name);
	answer->count = 1;
}

/* Claiming the whole disk fails if a partition is claimed, and keeps partitions from being claimed:
 * the kernel lets only one holder at them (bd_may_claim() in block/bdev.c). The claim comes before
 * the search, so that nobody slips in between. */
static int claim_unused(const struct hold_task *task, int *ret)
{
	_cleanup_close_ int claim = -1, disk = -1;
	int r, claimed;

	r = open_disk(task, 0, &disk);
	if (r == -ENXIO && is_offline(task))
		return find_users(task);
	if (r < 0)
		return r;
	wait_for_udevd(disk);
	claimed = open_disk(task, O_EXCL, &claim);
	if (claimed < 0 && claimed != -EBUSY)
		return claimed;
	r = find_lasting_users(task);
	if (r == HOLD_DONE && claimed == -EBUSY) {
		blame_nobody(task->answer, task->disk);
		r = HOLD_BUSY;
	}
	if (r == HOLD_DONE)
		*ret = steal_fd(&claim);
	return r;
}

static int claim_forcibly(const struct hold_task *task, int *ret)
{
	int r = open_disk(task, O_EXCL, ret);

	if (r == -EBUSY)
		r = open_disk(task, 0, ret);
	return r == -ENXIO && is_offline(task) ? 0 : r;
}

/* BLKFLSBUF writes back the file system that is mounted from a device, too; fsync() also empties
 * the disk's own cache. */
static int flush(int fd)
{
	if (ioctl(fd, BLKFLSBUF, 0) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int flush_node(const struct hold_task *task, const char *name)
{
	_cleanup_close_ int fd = open_node(task, name, 0);

	return fd < 0 ? fd : flush(fd);
}

/* From the top of what is stacked on the disk down to it: partitions and logical volumes have
 * caches of their own. One that goes away meanwhile has none. */
static int flush_all(const struct hold_task *task)
{
	struct stack stack;
	int r, first = 0;

	r = stack_find(task->roots->sysfd, task->disk, task->partitions, task->n, &stack);
	if (r < 0)
		return r;
	for (size_t i = stack.n; i > 0; i--) {
		r = flush_node(task, stack.nodes[i - 1].name);
		if (i > 1 && (r == -ENOENT || r == -ENXIO))
			r = 0;
		if (first == 0)
			first = r;
	}
	stack_done(&stack);
	return first;
}

static int send_claim(int socket, int claim)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec data = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
	const struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))
	};
	memcpy(CMSG_DATA(&control.header), &claim, sizeof(claim));
	return sendmsg(socket, &message, 0) < 0 ? -errno : 0;
}

static int take(const struct hold_task *task)
{
	_cleanup_close_ int claim = -1;
	int r;

	r = task->force ? claim_forcibly(task, &claim) : claim_unused(task, &claim);
	if (r != HOLD_DONE || claim < 0)
		return r;
	r = flush_all(task);
	if (r < 0 && !task->force)
		return r;
	return send_claim(task->socket, claim);
}

int hold_take_in_child(void *data)
{
	const struct hold_task *task = data;

	task->answer->result = take(task);
	return 0;
}
