/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the agent runs before the drivers of disks: what is asked of disks waits until the guest
 * has those that it was started with. */
#pragma once

#include "server.h"

/* In the run directory, while it is so; hotslot-init makes it before it starts the agent. */
#define STARTING_MARK "starting"

/* As many requests as may wait otherwise, and what they take, which is hundreds of bytes each. */
#define STARTING_HELD_MAX HOTSLOT_PENDING_MAX
#define STARTING_BYTES_MAX HOTSLOT_QUEUE_MAX

struct held;

struct starting {
	struct server *server;
	struct source source; /* fd -1: the guest is not starting */
	struct held *held;    /* oldest first */
	size_t n_held, n_bytes;
};

/* Looks whether the guest is starting, before the agent looks at any disk. Logs what fails. */
int starting_open(struct starting *starting, struct server *server);
void starting_close(struct starting *starting);

/* Whether a request can be answered while the guest starts. */
bool starting_is_for(const char *execute);

/* Keeps a request until the guest is there. Returns a negative errno and fills *FAILURE if it
 * cannot be kept. */
int starting_hold(struct starting *starting, const json_t *request, struct failure *failure);

/* Forgets what is kept: its session is over. */
void starting_drop(struct starting *starting);

/* When a request has waited for as long as it may (now_ms()); UINT64_MAX if none waits. */
uint64_t starting_deadline(const struct starting *starting);

/* Refuses those. */
void starting_expire(struct starting *starting);
