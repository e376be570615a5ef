/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is to talk with a domain's agent, among the processes of one user. */
#pragma once

#include <sys/types.h>

#include "util.h"

/* Not thread-safe: a domain's is its calls'. */
struct turn;

typedef void (*turn_fn)(void *data);

/* POKED is called from the event loop, until turn_free() or turn_give(), whenever it is worth to
 * look again: at turn_try() for who waits, at turn_is_wanted() for who has the turn. KEY names
 * the domain, and is the file's name. The caller frees it; NULL: no memory. */
struct turn *turn_new(const char *key, turn_fn poked, void *data);
const char *turn_key(const struct turn *turn);

/* Gives the turn away. Takes NULL, returns NULL. */
struct turn *turn_free(struct turn *turn);

/* Takes the turn if nobody has it and nobody waits in front. Returns 0, also if it has it already
 * and if there is no place where processes could agree; -EAGAIN if it is somebody else's; then
 * *RET_AGAIN is when to try again even if nothing happens. */
int turn_try(struct turn *turn, uint64_t *ret_again);

/* Gets in line, and asks who has the turn to give it away. Whoever comes later is behind. */
void turn_queue(struct turn *turn);

/* Gives the turn away, or leaves the line. */
void turn_give(struct turn *turn);

bool turn_is_held(const struct turn *turn);

/* Whether somebody is in line for the turn that this has. */
bool turn_is_wanted(struct turn *turn);

/* Why there are no turns, once: a negative errno. 0 if there are, or if it was told. */
int turn_problem(struct turn *turn);

/* The process that has the turn; 0: cannot be told. */
pid_t turn_holder(struct turn *turn);
