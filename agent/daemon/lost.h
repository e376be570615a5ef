/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that are there, and that the kernel has lost while others came and went. The driver has
 * room for 8 events; when it loses one, it has the host scanned. That scan can come before the
 * removal of the disk that was in a place (both wait for Scsi_Host.scan_mutex), and passes over the
 * place. Or it goes from LUN to LUN up to the first gap, or to LUN 7: as LUN 0 is offline, or as in
 * luns.h. No event tells of these disks then. So when it is quiet, each target that has disks or
 * had some is asked which it has, and not before its LUN 0 can tell. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "slot.h"

struct entry;
struct tracker;

/* The driver's room for events (VIRTIO_SCSI_EVENT_LEN in drivers/scsi/virtio_scsi.c). A disk that
 * has gone counts twice, as another one may be in its place, and is what is not seen. Those that
 * were released do not count: the host waits for each to be gone. A disk that somebody deletes in
 * the guest is left alone as long as this is not reached. */
#define LOST_EVENTS 8

/* They are together as long as the next one comes in this time: the kernel takes its time to drop a
 * disk, and udevd for its rules. */
#define LOST_TOGETHER_MS 2000

/* How long after the last of them the targets are scanned, and how long that is put off at most.
 * One scan soon after another takes twice as long, and so on: somebody may delete what they find.
 */
#define LOST_QUIET_MS 1000
#define LOST_PUT_OFF_MAX_MS 10000
#define LOST_DOUBLINGS_MAX 4
#define LOST_SOON_MS 30000

/* A scan that cannot be begun is tried again so often, in the same way. */
#define LOST_RETRIES_MAX 5

/* All times are of now_ms(). */
struct lost {
	unsigned events;
	uint64_t together_until;
	uint64_t scan_at, scan_by; /* 0: no scan is due */
	uint64_t scanned_at;
	unsigned doublings, retries;
	bool targets[SLOT_TARGETS]; /* where disks have come or gone, or LUN 0 could not tell */
	bool waiting;		    /* for such a LUN 0 */
};

/* ENTRY is new, or is going. */
void lost_note_added(struct tracker *tracker, const struct entry *entry);
void lost_note_removed(struct tracker *tracker, const struct entry *entry);

/* Events were lost: has all targets scanned when it is quiet. */
void lost_doubt(struct tracker *tracker);

/* The same if an agent before this one was to do so, and was killed. */
void lost_resume(struct tracker *tracker);

/* Has them scanned, by a child, if it is time. */
void lost_continue(struct tracker *tracker);

/* When to call that though nothing happens; UINT64_MAX for never. */
uint64_t lost_deadline(const struct tracker *tracker);
