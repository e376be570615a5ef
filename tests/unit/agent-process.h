/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-agent as a process that a test speaks with over a socket. */
#pragma once

#include <sys/types.h>

#include "frame.h"
#include "test.h"

struct agent {
	struct tree tree; /* its /dev and /run */
	pid_t pid;
	int host; /* the other end */
	struct frame_reader reader;
	char bytes[HOTSLOT_FRAME_MAX]; /* that came and were not read yet */
	const char *next;
	size_t left;
	unsigned resyncs; /* that came */
};

/* For cmocka: *STATE is a struct agent. Skips the test if HOTSLOT_AGENT does not name the program,
 * as tests/run has it. */
int set_up_agent(void **state);
int tear_down_agent(void **state);

/* Ends it, in good order, and starts another one on the same tree. */
void restart_agent(struct agent *agent);

/* Sends a line, to which a newline is added. */
void say(struct agent *agent, const char *text);

/* The next frame of the agent; the caller decrefs it. */
json_t *hear(struct agent *agent);
