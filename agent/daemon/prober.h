/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the contents of disks looked at, a few at a time. */
#pragma once

#include "tracker.h"

/* Children at one time: they are nicer than everything else, but each takes memory. */
#define PROBES_MAX 4

/* Has ENTRY's contents looked at when it is its turn; once more if that is under way. */
void prober_look(struct tracker *tracker, struct entry *entry);

/* Breaks off the look at ENTRY, whose partitions are about to be others. */
void prober_cancel(struct tracker *tracker, struct entry *entry);

/* Ends the look at ENTRY: its contents are unknown. */
void prober_give_up(struct tracker *tracker, struct entry *entry);

/* Starts what waits for its turn; once everything that is more urgent is done. */
void prober_continue(struct tracker *tracker);
