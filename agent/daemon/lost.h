/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that are there, and that the kernel has lost while others went: its scan after too many of
 * the driver's events can come before the removal of the disk that was in that place (both wait for
 * Scsi_Host.scan_mutex, and the scan may get it first), and finds that one still. No other event
 * tells of the new disk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct disk;
struct tracker;

/* The driver has room for so many events (VIRTIO_SCSI_EVENT_LEN in drivers/scsi/virtio_scsi.c); if
 * fewer disks have come and gone, it has not lost one. */
#define LOST_EVENTS 8

/* They count together as long as the next one comes in this time: the kernel takes its time to drop
 * a disk, and udevd for its rules. */
#define LOST_TOGETHER_MS 2000

/* How long after the last removal the kernel is to scan, and how long that is put off at most. */
#define LOST_QUIET_MS 1000
#define LOST_PUT_OFF_MAX_MS 10000

#define LOST_TARGETS 256

/* All times are of now_ms(). */
struct lost {
	unsigned events;
	uint64_t together_until;
	uint64_t scan_at, scan_by;  /* 0: no scan is due */
	bool targets[LOST_TARGETS]; /* where disks have gone from */
};

/* DISK has come, or has gone. */
void lost_note_added(struct tracker *tracker);
void lost_note_removed(struct tracker *tracker, const struct disk *disk);

/* Has the kernel scan if that is due. */
void lost_continue(struct tracker *tracker);

/* When to call that though nothing happens; UINT64_MAX for never. */
uint64_t lost_deadline(const struct tracker *tracker);
