/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sees to it that a disk is still the one that the kernel has taken it for. The driver has room for
 * 8 events; when it loses one, a disk that was exchanged for another keeps its device, with the
 * serial, size and cache of the first one (drivers/scsi/virtio_scsi.c,
 * VIRTIO_SCSI_T_EVENTS_MISSED), and no uevent tells. */
#pragma once

#include "tracker.h"

/* So many disks that come and go in one burst may have been too many. Half of what the driver has
 * room for, as some of its events do not show. */
#define CHECKER_BURST 4

/* It goes on, for the guest, as long as the next one comes in this time: on a busy machine the
 * kernel takes its time to drop a disk, and udevd for its rules. */
#define CHECKER_TOGETHER_MS 2000

/* The disks are asked when nothing has come or gone for this long; but who never stops is not
 * waited for. */
#define CHECKER_QUIET_MS 200
#define CHECKER_PUT_OFF_MAX_MS 10000

/* A new disk says once that it was reset; the kernel passes that on from a work queue, now and then
 * after it has told of the disk itself. */
#define CHECKER_FIRST_RESET_MS 1000

/* A disk that does not answer is asked again after this long, then after twice as long and so on;
 * so often if nobody waits for it, else for as long as somebody does. One that refuses, as it was
 * set offline, say, is asked at once for whoever asks anew; one that hangs is not, as each time
 * leaves a child behind that the kernel cannot end. */
#define CHECKER_RETRY_MS 1000
#define CHECKER_RETRIES_MAX 5

/* The kernel needs some ms to read a size again; then after twice as long and so on. When many
 * disks have come at once on a machine that has more to do, it takes seconds until it is one's
 * turn. */
#define CHECKER_RESCAN_MS 50
#define CHECKER_RESCANS_MAX 9

/* A disk has come, changed or gone: were there too many at once? */
void checker_note_event(struct tracker *tracker);

/* Events were lost, or all may be otherwise: has all disks checked when it is quiet. */
void checker_doubt(struct tracker *tracker);

/* The kernel says that the disk was reset, as a new one does when it is spoken with first: with the
 * uevent of this number. */
void checker_note_reset(struct entry *entry, uint64_t seqnum);

/* The same of a SCSI device that is no disk yet, by its address. */
void checker_note_early_reset(struct tracker *tracker, const char *address);

/* ENTRY is new. */
void checker_note_added(struct tracker *tracker, struct entry *entry);

/* Whether ENTRY has come, or has said who it is, at SINCE (now_ms()) or later; otherwise has it
 * checked at once. To be called again and again while somebody waits for it. */
bool checker_is_sure(struct entry *entry, uint64_t since);

/* Does what is due. */
void checker_continue(struct tracker *tracker);

/* When to call that though nothing happens; UINT64_MAX for never. */
uint64_t checker_deadline(const struct tracker *tracker);

void checker_close(struct tracker *tracker);
