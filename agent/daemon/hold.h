/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a disk out of use in this guest, so that the host can unplug it, and gives it back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "disk.h"
#include "mirror.h"
#include "users.h"

/* What hold_finish() says of the step that was started last. */
enum hold_outcome {
	HOLD_DONE = 0,
	HOLD_BUSY = 1, /* the disk is in use; nothing has changed */
};

/* A disk that is being taken, is held, or is being given back. Each step is started, runs in a
 * child, and is over when hold_fd() is readable. At its own deadline the caller may keep the hold
 * and answer later, or free it. */
struct hold;

/* Where the kernel shows itself; borrowed for as long as the call lasts. */
struct hold_roots {
	int sysfd;
	int procfd;
	const char *dev_dir;
	const char *run_dir;	       /* of the agent's own; see hold-guard.h */
	struct mirror *const *mirrors; /* whose nodes are watched, too */
	size_t n_mirrors;
};

/* Starts to take DISK: waits shortly for udevd to be done with it, looks for users, claims it
 * exclusively (O_EXCL, so that no mount, swap, device-mapper or md gets it or a partition of it),
 * writes back what is dirty, has the kernel refuse writes, and looks and writes back once more.
 * hold_finish() then sets it offline, so that opening it fails; see hold_check(), until whose end
 * writes are refused.
 * With FORCE, users do not matter: hold_users() says who they were. A disk that is offline already
 * (an agent before this one released it) counts as taken. DISK and PARTITIONS are not needed after
 * the call. Does not block. Returns -ESTALE if the disk is another one by now, -ENODEV if it is
 * gone. */
int hold_take(const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n, bool force, struct hold **ret);

/* Starts to look, once a disk was taken, whether somebody has opened it or written to it between
 * the search for users and the moment when it went offline. HOLD_BUSY: somebody has, and the disk
 * has to be given back with hold_release(), lest his data be lost. */
int hold_check(struct hold *hold, const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n);

/* Starts to wait until DISK may have become free: somebody closed it, ended or unmounted something,
 * or PATIENCE_MS have passed. HOLD_DONE: nobody uses it; HOLD_BUSY: somebody did. Changes nothing;
 * the hold can only be freed then. */
int hold_await(const struct hold_roots *roots, const struct disk *disk,
	const struct partition *partitions, size_t n, int patience_ms, struct hold **ret);

/* Readable (EPOLLIN) once the step that was started last is over; then call hold_finish(). It is
 * open until the next step is started or the hold is freed, and must not be watched beyond that:
 * a descriptor that is closed while a fork has a copy stays in an epoll. */
int hold_fd(const struct hold *hold);

/* Ends a step. After hold_take(): a hold_outcome; if HOLD_BUSY, at most MAX users are written to
 * RET_USERS, *ret_count is how many there are (RET_USERS and RET_COUNT may be NULL else), and the
 * hold can only be freed. Returns -EAGAIN while the step runs. Other errors (-ESTALE and -ENODEV:
 * the disk has gone; -ENOTBLK: its node is missing, or another device's, as when it has gone or
 * when somebody has removed that; -EIO: it could not be written back): the disk is as it was before
 * the step. */
int hold_finish(struct hold *hold, struct disk_user *ret_users, size_t max, size_t *ret_count);

/* Once the last look is over: keeps no more than is needed to give the disk back. */
void hold_settle(struct hold *hold);

/* Who a held disk was taken from by force: at most HOTSLOT_USERS_MAX, which belong to the hold. */
size_t hold_users(const struct hold *hold, const struct disk_user **ret);

/* Whether a held disk that was taken by force may not have been written back. */
bool hold_is_unwritten(const struct hold *hold);

/* Whether the disk is offline, and has to be given back before the hold is freed, though the last
 * step may not be over. */
bool hold_is_offline(const struct hold *hold);

/* Starts to give a held disk back, instead of what is under way if that is not over: sets it
 * running, on which the kernel reads its size and identity anew. After hold_finish() the claim is
 * gone; free it then. */
int hold_release(struct hold *hold);

/* Whether the step that was started last can be given up: it is not over, and not that itself. */
bool hold_hangs(const struct hold *hold);

/* Starts to set the disk offline without what is under way, which the kernel may never end: taking
 * it by force, or giving it back. Its child is killed and left, and what it had not written back is
 * lost. Ends as hold_take() does, with a claim only if there was one. hold_fd() must
 * not be watched any more; see hold_hangs(). */
int hold_give_up(struct hold *hold);

/* Drops the claim at once, whatever is dirty. A disk that was set offline stays so, as it should
 * when it is gone. Ends a step that still runs, without waiting for it. Takes NULL. */
void hold_free(struct hold *hold);
