/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A forked child that does what could block, and that nobody ever waits for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the child does. Its return value, 0 to 255, becomes the exit status. It is forked, not
 * executed: everything of the parent is there, but only what is shared comes back. */
typedef int (*child_fn)(void *data);

struct child;

/* Forks a child that runs FN(DATA) and exits. No signal is blocked in it, it has a session of its
 * own, and dies with the parent. Of the descriptors it has the standard ones and the N in KEEP:
 * a child that the kernel cannot end must not hold the port, which only one process may open.
 * The parent must not ignore SIGCHLD. */
int child_start(child_fn fn, void *data, const int *keep, size_t n, struct child **ret);

/* Readable (EPOLLIN) once the child has ended, for good. */
int child_fd(const struct child *child);

/* The child's exit status. Returns -EAGAIN while it runs, -ECHILD if a signal ended it. Gives the
 * same answer when it is asked again. */
int child_status(struct child *child);

/* Kills the child if it runs. It is never waited for: a child that the kernel cannot end yet (a
 * read from a sick disk) is reaped by a later child_start() or child_free(). Takes NULL. */
void child_free(struct child *child);

/* Kills the child if it runs, and keeps it. Returns false if it has ended, or not been there: NULL.
 */
bool child_kill(struct child *child);

/* Lets the child run to its end on its own; it is reaped as above. */
void child_leave(struct child *child);

pid_t child_pid(const struct child *child);

/* Whether the child of that number, which was left, has yet to end. */
bool child_is_left(pid_t pid);

static inline void child_freep(struct child **child)
{
	child_free(*child);
}
