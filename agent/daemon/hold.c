/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a disk out of use in this guest, so that the host can unplug it, and gives it back. */
#include "hold.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "child.h"
#include "hold-claim.h"
#include "hold-guard.h"
#include "hold-take.h"
#include "util.h"

struct hold {
	int directory; /* of the disk in sysfs; leads nowhere once the disk is gone */
	struct hold_claim claim;
	int socket;	     /* where the child sends the claim */
	int guard;	     /* until it is known whether somebody came; see hold-guard.h */
	bool held;	     /* it is offline */
	bool finished;	     /* the step that was started last */
	struct child *child; /* of that step; its descriptor stays open until the next one */
	int (*finish)(struct hold *hold, struct disk_user *users, size_t max, size_t *count);
	struct hold_answer *answer; /* shared with the child */
};

/* The kernel says each of these once the disk is gone, by where it was noticed. */
static int as_gone(int r)
{
	return r == -ENOENT || r == -ENXIO ? -ENODEV : r;
}

static int open_directory(const struct hold_roots *roots, const struct disk *disk, int *ret)
{
	char path[sizeof("block/") + DISK_NAME_SIZE];
	_cleanup_close_ int fd = -1;
	uint64_t diskseq;
	int r;

	snprintf(path, sizeof(path), "block/%s", disk->name);
	fd = openat(roots->sysfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_attr_u64_at(fd, "diskseq", &diskseq);
	if (r == -ENOENT)
		diskseq = 0; /* before Linux 5.15 */
	else if (r < 0)
		return r;
	if (diskseq != disk->diskseq)
		return -ESTALE;
	*ret = steal_fd(&fd);
	return 0;
}

static int hold_new(const struct hold_roots *roots, const struct disk *disk, struct hold **ret)
{
	struct hold *hold = calloc(1, sizeof(*hold));
	int r;

	if (!hold)
		return -ENOMEM;
	hold->directory = hold->socket = hold->guard = -1;
	hold_claim_clear(&hold->claim);
	hold->answer = mmap(NULL, sizeof(*hold->answer), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hold->answer == MAP_FAILED) {
		r = -errno;
		free(hold);
		return r;
	}
	r = open_directory(roots, disk, &hold->directory);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

static void end_step(struct hold *hold)
{
	child_free(hold->child);
	hold->child = NULL;
	hold->finished = false;
	closep(&hold->socket);
	hold->socket = -1;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* Returns the step's result. */
static int copy_users(const struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	const struct disk_user *found;
	size_t n = hold_users(hold, &found);

	if (hold->answer->result != HOLD_BUSY)
		return hold->answer->result;
	if (users)
		memcpy(users, found, (max < n ? max : n) * sizeof(*users));
	if (count)
		*count = hold->answer->count;
	return HOLD_BUSY;
}

/* Setting it offline is left to the parent: it does not block, and once the caller has given up
 * and freed the hold, it does not happen any more. */
static int finish_take(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	int r = copy_users(hold, users, max, count);

	if (r != HOLD_DONE)
		return r;
	hold_claim_receive(hold->socket, &hold->claim);
	r = write_attr_at(hold->directory, "device/state", "offline\n");
	if (r < 0)
		return r;
	hold->held = true;
	return HOLD_DONE;
}

/* Starts a step for the tasks of hold-take.h. */
static int start_task(struct hold *hold, child_fn fn, struct hold_task *task)
{
	task->agent = getpid();
	task->directory = hold->directory;
	task->watch = hold->claim.watch;
	task->guard = hold->guard;
	task->answer = hold->answer;
	return child_start(fn, task,
		(const int[]){ task->roots->sysfd, task->roots->procfd, task->directory,
			task->socket, task->watch, task->guard },
		6, &hold->child);
}

static int start_take(struct hold *hold, struct hold_task *task)
{
	int sockets[2], r;

	/* By force it is taken from who writes, too. */
	r = task->force ? 0 : hold_guard_start(task, &hold->guard);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	hold->socket = sockets[0];
	hold->finish = finish_take;
	task->socket = sockets[1];
	r = start_task(hold, hold_take_in_child, task);
	close(sockets[1]);
	return r;
}

int hold_take(const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n, bool force, struct hold **ret)
{
	struct hold_task task = {
		.roots = roots, .disk = disk, .partitions = partitions, .n = n, .force = force
	};
	struct hold *hold = NULL;
	int r = hold_new(roots, disk, &hold);

	if (r < 0)
		return as_gone(r);
	r = start_take(hold, &task);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

size_t hold_users(const struct hold *hold, const struct disk_user **ret)
{
	size_t count = hold->answer->count;

	*ret = hold->answer->users;
	return count < HOTSLOT_USERS_MAX ? count : HOTSLOT_USERS_MAX;
}

bool hold_is_unwritten(const struct hold *hold)
{
	return hold->answer->unwritten;
}

/* ---- looking -------------------------------------------------------------------------------- */

static int finish_look(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	/* The child has lifted it, if it came to its end. */
	hold_guard_drop(&hold->guard);
	return copy_users(hold, users, max, count);
}

int hold_check(struct hold *hold, const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n)
{
	struct hold_task task = {
		.roots = roots, .disk = disk, .partitions = partitions, .n = n, .socket = -1
	};

	if (!hold->held || !hold->finished)
		return -EINVAL;
	end_step(hold);
	hold->finish = finish_look;
	return start_task(hold, hold_check_in_child, &task);
}

int hold_await(const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n, int patience_ms, struct hold **ret)
{
	struct hold_task task = { .roots = roots,
		.disk = disk,
		.partitions = partitions,
		.n = n,
		.socket = -1,
		.wait_ms = patience_ms };
	struct hold *hold = NULL;
	int r = hold_new(roots, disk, &hold);

	if (r < 0)
		return as_gone(r);
	hold->finish = finish_look;
	r = start_task(hold, hold_await_in_child, &task);
	if (r < 0) {
		hold_free(hold);
		return r;
	}
	*ret = hold;
	return 0;
}

void hold_settle(struct hold *hold)
{
	end_step(hold);
	closep(&hold->claim.watch);
	hold->claim.watch = -1;
}

/* ---- giving back, giving up ----------------------------------------------------------------- */

static int set_running(void *data)
{
	struct hold *hold = data;

	hold_guard_lift(hold->guard);
	hold->answer->result = write_attr_at(hold->directory, "device/state", "running\n");
	return 0;
}

static int finish_end(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	(void)users, (void)max, (void)count;
	hold_guard_drop(&hold->guard);
	if (hold->answer->result < 0)
		return hold->answer->result;
	/* Once it runs, anybody can have written to it, and have closed it before us. */
	hold_claim_drop(&hold->claim, true);
	hold->held = false;
	return HOLD_DONE;
}

bool hold_is_offline(const struct hold *hold)
{
	return hold->held;
}

static int start_end(struct hold *hold, child_fn fn)
{
	bool under_way = hold->child && !hold->finished;

	if (!hold->held || (under_way && hold->finish == finish_end))
		return -EINVAL;
	end_step(hold);
	hold->finish = finish_end;
	return child_start(
		fn, hold, (const int[]){ hold->directory, hold->guard }, 2, &hold->child);
}

int hold_release(struct hold *hold)
{
	return start_end(hold, set_running);
}

static int set_offline(void *data)
{
	struct hold *hold = data;

	hold->answer->result = write_attr_at(hold->directory, "device/state", "offline\n");
	return 0;
}

static int finish_give_up(struct hold *hold, struct disk_user *users, size_t max, size_t *count)
{
	(void)users, (void)max, (void)count;
	if (hold->answer->result < 0)
		return hold->answer->result;
	hold->held = true;
	return HOLD_DONE;
}

bool hold_hangs(const struct hold *hold)
{
	return hold->child && !hold->finished && hold->finish != finish_give_up &&
	       child_status(hold->child) == -EAGAIN;
}

/* In a child, as what is under way may keep a lock of the kernel's. */
int hold_give_up(struct hold *hold)
{
	if (hold->socket >= 0)
		hold_claim_receive(hold->socket, &hold->claim);
	end_step(hold);
	hold_guard_drop(&hold->guard);
	hold->answer->unwritten = true;
	hold->finish = finish_give_up;
	return child_start(set_offline, hold, &hold->directory, 1, &hold->child);
}

/* ---- all steps ------------------------------------------------------------------------------ */

int hold_fd(const struct hold *hold)
{
	return hold->child ? child_fd(hold->child) : -1;
}

int hold_finish(struct hold *hold, struct disk_user *ret_users, size_t max, size_t *ret_count)
{
	int r;

	if (!hold->child || hold->finished)
		return -EINVAL;
	r = child_status(hold->child);
	if (r == -EAGAIN)
		return r;
	hold->finished = true;
	r = r == 0 ? hold->finish(hold, ret_users, max, ret_count) : -EIO;
	return as_gone(r);
}

void hold_free(struct hold *hold)
{
	if (!hold)
		return;
	/* A step that has not come to its end may have claimed it. */
	if (hold->socket >= 0)
		hold_claim_receive(hold->socket, &hold->claim);
	hold_claim_drop(&hold->claim, !hold->held);
	end_step(hold);
	hold_guard_drop(&hold->guard);
	closep(&hold->directory);
	munmap(hold->answer, sizeof(*hold->answer));
	free(hold);
}
