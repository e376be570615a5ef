/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where udevd makes the links, the agent hears of a disk from udevd, once that is through with it:
 * here it hears when the kernel had it, and makes udevd's part shorter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"
#include "uevent.h"

/* Disks that udevd may have yet to handle. Of more of them at once, the oldest are forgotten. */
#define ARRIVALS_MAX 1024

struct arrivals;
struct foretell;

/* Starts to listen to the kernel, and has FORETELL tell udevd of each. Returns a negative errno. */
int arrivals_open(struct loop *loop, struct foretell *foretell, struct arrivals **ret);

/* Takes NULL. */
void arrivals_close(struct arrivals *arrivals);

/* When the agent heard from the kernel of the disk with this disk sequence number, by now_us();
 * 0: not known, as it never is if ARRIVALS is NULL. */
uint64_t arrivals_find(const struct arrivals *arrivals, uint64_t diskseq);

/* Whether it says that a disk "sd…" is new, and which. Pure. */
bool arrival_is_disk(const struct uevent *event);
