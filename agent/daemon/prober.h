/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the contents of disks looked at, a few at a time. */
#pragma once

#include "tracker.h"

/* Children at one time: they are nicer than everything else, but each takes memory. */
#define PROBES_MAX 4

/* Disks often come one after the other: while one is looked at, the next is found more slowly. So
 * looking starts when nothing has come for this long. */
#define PROBE_QUIET_MS 50

/* Has ENTRY's contents looked at when it is its turn; once more if that is under way. */
void prober_look(struct tracker *tracker, struct entry *entry);

/* Breaks off the look at ENTRY, whose partitions are about to be others. */
void prober_cancel(struct tracker *tracker, struct entry *entry);

/* Starts what waits for its turn: if it is quiet, or if it is URGENT as somebody waits for it. */
void prober_continue(struct tracker *tracker, bool urgent);

/* When to call prober_continue() though nothing happens; UINT64_MAX for never. */
uint64_t prober_deadline(const struct tracker *tracker);

/* Ends the looks that have taken too long. */
void prober_expire(struct tracker *tracker);
