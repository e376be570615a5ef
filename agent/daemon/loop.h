/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one epoll of the agent. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Something to be watched. Belongs to who embeds it; removed from the loop before it goes. */
struct source {
	int fd;
	void (*ready)(void *data, uint32_t events);
	void *data;
};

struct loop {
	int epoll;
	bool quit;
	/* When to call TICK though nothing is ready, by now_ms(); UINT64_MAX for never. */
	uint64_t (*deadline)(void *data);
	/* Called after each source, and at the deadline. */
	void (*tick)(void *data);
	void *data;
};

int loop_open(struct loop *loop);
void loop_close(struct loop *loop);
int loop_add(struct loop *loop, struct source *source, uint32_t events);

/* Watches it for other EVENTS from now on; 0: for errors alone. */
int loop_change(struct loop *loop, struct source *source, uint32_t events);

/* Stops to watch it; nothing if its fd is -1. The fd stays open and is set to -1 in SOURCE. */
void loop_remove(struct loop *loop, struct source *source);

/* Runs until QUIT is set. Returns 0 or a negative errno. */
int loop_run(struct loop *loop);
