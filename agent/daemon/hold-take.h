/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What taking a disk out of use does in its child: wait for udevd, look for users, claim, flush. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "hold.h"
#include "wire.h"

/* What the child found; shared with the agent. */
struct hold_answer {
	int result; /* a hold_outcome or a negative errno */
	size_t count;
	struct disk_user users[HOTSLOT_USERS_MAX]; /* the first of COUNT */
	bool unwritten;				   /* by force: it could not be written back */
};

struct hold_task {
	const struct hold_roots *roots;
	const struct disk *disk;
	const struct partition *partitions;
	size_t n;
	bool force;
	pid_t agent;   /* it and its children are no users */
	int directory; /* of the disk in sysfs */
	int socket;    /* for the claim */
	int watch;     /* an inotify: tells of writes since the disk was written back */
	int guard;     /* see hold-guard.h; -1: none */
	int wait_ms;   /* how long a wait takes at most */
	struct hold_answer *answer;
};

/* Each is a child_fn for a hold_task. If the result of the first is HOLD_DONE, the claim was sent
 * through the socket, unless the disk was offline and could not be opened. */
int hold_take_in_child(void *data);

/* Looks once more, when the disk is offline and cannot be opened any more. */
int hold_check_in_child(void *data);

/* Waits until it may be free. */
int hold_await_in_child(void *data);

/* ---- for the parts of it ---- */

/* Opens a node, of the disk or of what stands on it, for reading. Returns the descriptor. */
int hold_open_node(const struct hold_task *task, const char *name, int flags);

/* Opens the disk, and checks that it still is the one. -ENOTBLK: its node is missing, or another
 * device's; the disk need not be gone. */
int hold_open_disk(const struct hold_task *task, int flags, int *ret);

/* Fills the answer. Returns a hold_outcome or a negative errno. */
int hold_find_users(const struct hold_task *task);

/* Watches the nodes of the disk and its partitions with an inotify, and returns it. */
int hold_watch_nodes(const struct hold_task *task, uint32_t events);

/* Somebody uses it, and nothing says who. */
void hold_blame_nobody(const struct hold_task *task, const char *kind);

/* Writes back what is dirty, from the top of what is stacked on the disk down to it. */
int hold_flush(const struct hold_task *task);
