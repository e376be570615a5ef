/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the contents of disks looked at, a few at a time. */
#pragma once

#include "tracker.h"

/* Children at one time: each takes memory, and most are nicer than everything else. */
#define PROBES_MAX 4

/* Who writes to a disk writes more, and disks often come one after the other: while one is looked
 * at, the next is found more slowly. So looking starts when nothing was written to the disk, and no
 * disk has come, for this long. */
#define PROBE_QUIET_MS 50

/* But it is not put off for longer by who never stops: a table that somebody has written is asked
 * for a moment later; a thousand disks take some ten seconds to come. */
#define PROBE_PUT_OFF_MAX_MS 1000
#define PROBE_ARRIVALS_MAX_MS 10000

/* A look that took too long may have found the guest busy with something else: it is tried again
 * after this long, then after twice as long and so on. A disk that never answers leaves a child
 * behind, which the kernel cannot end: before that has ended it is not tried again. */
#define PROBE_RETRY_MS 1000
#define PROBE_RETRIES_MAX 5

/* Those that were killed and have not ended: nothing else is looked at then. Each is another
 * disk's, of which a host can plug as many as it likes that never answer. */
#define PROBES_LEFT_MAX 32

/* Has ENTRY's contents looked at when it is its turn; once more if that is under way. */
void prober_look(struct tracker *tracker, struct entry *entry);

/* The same for one that has just come. */
void prober_look_at_new(struct tracker *tracker, struct entry *entry);

/* Drops what ENTRY has here; before it goes. */
void prober_forget(struct tracker *tracker, struct entry *entry);

/* Breaks off the look at ENTRY, whose partitions are about to be others. */
void prober_cancel(struct tracker *tracker, struct entry *entry);

/* Starts what waits for its turn: if it is quiet, or if it is URGENT as somebody waits for it. */
void prober_continue(struct tracker *tracker, bool urgent);

/* When to call prober_continue() though nothing happens; UINT64_MAX for never. */
uint64_t prober_deadline(const struct tracker *tracker);

/* Ends the looks that have taken too long. */
void prober_expire(struct tracker *tracker);
