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
#include <sys/stat.h>
#include <sys/time.h>

#include "hold-claim.h"
#include "hold-guard.h"
#include "util.h"

/* udevd's workers have a disk open for some 10 ms after an event, some 100 with a distribution's
 * rules, more under load. What is open after that is a user. */
#define UDEVD_WAIT_S 5

int hold_open_node(const struct hold_task *task, const char *name, int flags)
{
	_cleanup_close_ int dir = open(task->roots->dev_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir < 0)
		return -errno;
	/* Never for writing: closing it then makes a change event and a rescan of partitions. */
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags);
	return fd < 0 ? -errno : fd;
}

int hold_open_disk(const struct hold_task *task, int flags, int *ret)
{
	_cleanup_close_ int fd = hold_open_node(task, task->disk->name, flags);
	struct stat st;
	uint64_t diskseq;

	if (fd < 0)
		return fd == -ENOENT ? -ENOTBLK : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_rdev != task->disk->devnum)
		return -ENOTBLK;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (diskseq != task->disk->diskseq)
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

int hold_find_users(const struct hold_task *task)
{
	struct hold_answer *answer = task->answer;
	int r;

	r = disk_users_find(task->roots->procfd, task->roots->sysfd, task->roots->dev_dir,
		task->agent, task->disk, task->partitions, task->n, answer->users,
		HOTSLOT_USERS_MAX, &answer->count);
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

/* Leaves udevd out, which is no user that a person could do something about. */
static int without_udevd(struct hold_answer *answer)
{
	size_t n = 0;

	for (size_t i = 0; i < answer->count && i < HOTSLOT_USERS_MAX; i++)
		if (!is_udevd(&answer->users[i]))
			answer->users[n++] = answer->users[i];
	if (answer->count <= HOTSLOT_USERS_MAX)
		answer->count = n;
	return answer->count > 0 ? HOLD_BUSY : HOLD_DONE;
}

static bool only_udevd_uses_it(const struct hold_answer *answer)
{
	for (size_t i = 0; i < answer->count && i < HOTSLOT_USERS_MAX; i++)
		if (!is_udevd(&answer->users[i]))
			return false;
	return true;
}

static void watch_node(int watch, const char *directory, const char *name, uint32_t events)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path))
		inotify_add_watch(watch, path, events);
}

static void watch_below(
	const struct hold_task *task, int watch, const char *directory, uint32_t events)
{
	watch_node(watch, directory, task->disk->name, events);
	for (size_t i = 0; i < task->n; i++)
		watch_node(watch, directory, task->partitions[i].name, events);
}

int hold_watch_nodes(const struct hold_task *task, uint32_t events)
{
	const struct hold_roots *roots = task->roots;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (watch < 0)
		return -errno;
	watch_below(task, watch, roots->dev_dir, events);
	for (size_t i = 0; i < roots->n_mirrors; i++)
		watch_below(task, watch, mirror_path(roots->mirrors[i]), events);
	return watch;
}

static void forget_events(int watch)
{
	char events[1024];

	while (read(watch, events, sizeof(events)) > 0)
		;
}

/* Returns false once the deadline has passed. */
static bool await_close(int watch, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = watch, .events = POLLIN };
	uint64_t now = now_ms();

	if (now >= deadline || poll(&poll_fd, 1, (int)(deadline - now)) <= 0)
		return false;
	forget_events(watch);
	return true;
}

/* Passes over udevd, which looks in for a moment. */
static int find_lasting_users(const struct hold_task *task)
{
	_cleanup_close_ int watch = hold_watch_nodes(task, IN_CLOSE);
	uint64_t deadline = now_ms() + UDEVD_WAIT_S * 1000;
	int r;

	do
		r = hold_find_users(task);
	while (r == HOLD_BUSY && watch >= 0 && only_udevd_uses_it(task->answer) &&
		await_close(watch, deadline));
	if (r == HOLD_BUSY && !only_udevd_uses_it(task->answer))
		r = without_udevd(task->answer);
	return r;
}

void hold_blame_nobody(const struct hold_task *task, const char *kind)
{
	struct disk_user *user = &task->answer->users[0];

	*user = (struct disk_user){ .pid = 0 };
	strcpy(user->kind, kind);
	strcpy(user->device, task->disk->name);
	task->answer->count = 1;
}

/* Claiming the whole disk fails if a partition is claimed, and keeps partitions from being claimed:
 * the kernel lets only one holder at them (bd_may_claim() in block/bdev.c). The claim comes before
 * the search, so that nobody slips in between. */
static int claim_unused(const struct hold_task *task, int *ret)
{
	_cleanup_close_ int claim = -1, disk = -1;
	int r, claimed;

	r = hold_open_disk(task, 0, &disk);
	if (r == -ENXIO && is_offline(task))
		return hold_find_users(task);
	if (r < 0)
		return r;
	wait_for_udevd(disk);
	claimed = hold_open_disk(task, O_EXCL, &claim);
	if (claimed < 0 && claimed != -EBUSY)
		return claimed;
	r = find_lasting_users(task);
	if (r == HOLD_DONE && claimed == -EBUSY) {
		hold_blame_nobody(task, "exclusive");
		r = HOLD_BUSY;
	}
	if (r == HOLD_DONE)
		*ret = steal_fd(&claim);
	return r;
}

static int claim_forcibly(const struct hold_task *task, int *ret)
{
	int r;

	/* Only to tell whom it is taken from. */
	if (hold_find_users(task) < 0)
		task->answer->count = 0;
	r = hold_open_disk(task, O_EXCL, ret);

	if (r == -EBUSY)
		r = hold_open_disk(task, 0, ret);
	return r == -ENXIO && is_offline(task) ? 0 : r;
}

/* Hands the claim over, and keeps the disk open without one: a write that the kernel does not end
 * keeps this child, and nobody else from the disk. */
static int hand_over(const struct hold_task *task, int *claim, int *ret_disk, int *ret_watch)
{
	_cleanup_close_ int watch = hold_watch_nodes(task, IN_MODIFY | IN_CLOSE_WRITE);
	int r;

	if (watch < 0)
		return watch;
	r = hold_open_disk(task, 0, ret_disk);
	if (r == 0)
		r = hold_claim_send(
			task->socket, &(const struct hold_claim){
					      .disk = *claim, .plain = *ret_disk, .watch = watch });
	if (r == 0) {
		close(*claim);
		*claim = -1;
		*ret_watch = steal_fd(&watch);
	}
	return r;
}

static int find_users_but_udevd(const struct hold_task *task)
{
	int r = hold_find_users(task);

	return r == HOLD_BUSY ? without_udevd(task->answer) : r;
}

/* An inotify knows a node, not a disk: by another node somebody can have come and gone since the
 * search, unseen. Once nobody can write, who still may has it open, and what was written before can
 * be written back: nobody needs to be told of that. */
static int take_from_writers(const struct hold_task *task, int watch)
{
	int r = hold_guard_set(task->guard);

	if (r == 0)
		r = find_users_but_udevd(task);
	forget_events(watch);
	if (r == HOLD_DONE)
		r = hold_flush(task);
	if (r != HOLD_DONE)
		hold_guard_lift(task->guard);
	return r;
}

static int take(const struct hold_task *task)
{
	_cleanup_close_ int disk = -1, claim = -1, watch = -1;
	int r;

	r = task->force ? claim_forcibly(task, &claim) : claim_unused(task, &claim);
	if (r != HOLD_DONE || claim < 0)
		return r;
	r = hand_over(task, &claim, &disk, &watch);
	if (r < 0)
		return r;
	r = hold_flush(task);
	if (task->force) {
		task->answer->unwritten = r < 0;
		return 0;
	}
	return r < 0 ? r : take_from_writers(task, watch);
}

int hold_take_in_child(void *data)
{
	const struct hold_task *task = data;

	task->answer->result = take(task);
	return 0;
}

/* Who had the disk open before it went offline can have it open still, and who wrote to it and
 * closed it may have written to the cache alone. */
static int check(const struct hold_task *task)
{
	char events[1024];
	int r;

	if (read(task->watch, events, sizeof(events)) > 0) {
		hold_blame_nobody(task, "open");
		return HOLD_BUSY;
	}
	r = find_users_but_udevd(task);
	if (r == HOLD_DONE && !hold_guard_holds(task)) {
		hold_blame_nobody(task, "open");
		return HOLD_BUSY;
	}
	return r;
}

int hold_check_in_child(void *data)
{
	const struct hold_task *task = data;

	task->answer->result = check(task);
	hold_guard_lift(task->guard);
	return 0;
}
