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
	struct hold_answer *answer;
};

/* A child_fn for a hold_task. If the result is HOLD_DONE, the claim was sent through the socket,
 * unless the disk was offline and could not be opened. */
int hold_take_in_child(void *data);
