/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps everybody from writing to a disk between the last look for users and the moment when it is
 * offline: what is written then would be in the cache alone. */
#pragma once

#include <stdbool.h>

#include "hold.h"

struct hold_task;

/* Starts a child that can have the kernel refuse every write() to the disk of TASK and to its
 * partitions (EPERM), by whatever node, and that does not die with the agent: it makes the disk
 * writable again as soon as the agent and its children are gone, or have hold_guard_lift()ed it. A
 * mapping for writing is not refused; who has one has it open, too. *RET is for the agent, which
 * lifts it with hold_guard_drop(), and for the children of the release.
 * For as long as the disk is read-only, there is a file below run_dir, which the guard has locked:
 * if it is killed, the agent sees that, or the next one does. */
int hold_guard_start(const struct hold_task *task, int *ret);

/* In a child: from here on writes are refused. Blocks shortly. */
int hold_guard_set(int guard);

/* In a child: waits until the disk is writable again. Nothing if GUARD is -1. */
void hold_guard_lift(int guard);

/* Whether nobody has lifted it. True if there is none. */
bool hold_guard_holds(const struct hold_task *task);

/* Lifts it without waiting, closes *GUARD and sets it to -1. Nothing if that is -1. */
void hold_guard_drop(int *guard);

/* Whether the disk has a guard that has not made it writable yet, or that was killed before it had.
 */
bool hold_guard_is_left(const struct hold_roots *roots, const struct disk *disk);

/* Starts a child that waits for the guard, does so in its place if it was killed, and has the
 * kernel tell of a change then. Returns a negative errno, as job_start(). */
int hold_guard_mend(const struct hold_roots *roots, const struct disk *disk);
