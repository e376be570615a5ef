/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears of it when somebody in the guest has written to a disk by way of one of the agent's nodes:
 * those of /dev where it owns the links, and those of mirrors. Other nodes are udevd's to watch. */
#pragma once

#include "tracker.h"

/* Children that have a table read, at one time. Some may wait for locks that somebody keeps, and
 * each takes memory; the others have their turn then. */
#define REREADS_MAX 16

/* Starts to listen; disks that are known already are not watched yet. Logs what fails. */
int writes_open(struct tracker *tracker);
void writes_close(struct tracker *tracker);

/* Watches the nodes that ENTRY has now, those of its partitions too, if it is usable and contents
 * are looked at, and no others. Once somebody who had one open for writing has closed it, the
 * contents are looked at again. */
void writes_watch(struct tracker *tracker, struct entry *entry);

/* Drops what ENTRY has here; before it goes. */
void writes_forget(struct tracker *tracker, struct entry *entry);

/* Breaks off what ENTRY has going on here, as nobody may have it open; it is done when its contents
 * are looked at again. */
void writes_cancel(struct tracker *tracker, struct entry *entry);

/* ENTRY has become smaller: the kernel keeps partitions, or parts of them, beyond its end until it
 * reads the table again. */
void writes_cut(struct tracker *tracker, struct entry *entry);

/* ENTRY's contents were looked at, and its table HAS_CHANGED: if somebody has written to it, has
 * the kernel read the table, whose uevents then tell of the partitions. Only if it has changed, as
 * the kernel drops all partitions first, and their nodes with them. */
void writes_settle(struct tracker *tracker, struct entry *entry, bool has_changed);
