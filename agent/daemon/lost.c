/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that are there, and that the kernel has lost while others came and went. */
#include "lost.h"

#include <string.h>
#include <sys/resource.h>

#include "jobs.h"
#include "log.h"
#include "luns.h"
#include "places.h"
#include "record.h"
#include "sysfs-write.h"
#include "tracker.h"

#define NICE_LAST 19

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void put_off(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms();

	if (!lost->scan_at)
		lost->scan_by = now + LOST_PUT_OFF_MAX_MS;
	lost->scan_at = earlier(now + LOST_QUIET_MS, lost->scan_by);
	lost->retries = 0;
}

void lost_note(struct tracker *tracker, uint32_t target)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms();

	if (now >= lost->together_until)
		lost->events = 0;
	lost->events++;
	lost->together_until = now + LOST_TOGETHER_MS;
	if (target < SLOT_TARGETS)
		lost->targets[target] = true;
	if (lost->events >= LOST_EVENTS)
		put_off(tracker);
}

void lost_doubt(struct tracker *tracker)
{
	memset(tracker->lost.targets, true, sizeof(tracker->lost.targets));
	put_off(tracker);
}

/* ---- the scan ---- */

static const struct entry *find_first(const struct tracker *tracker, uint32_t target)
{
	return inventory_find_place(&tracker->inventory, place_number(target, 0));
}

/* Whether LUN 0 is offline, or on its way to that or back. */
static bool is_mute(const struct tracker *tracker, uint32_t target)
{
	const struct entry *first = find_first(tracker, target);

	return first && first->state != ENTRY_PRESENT;
}

static void scan_target(const struct tracker *tracker, uint32_t target)
{
	const struct entry *first = find_first(tracker, target);
	int r;

	if (first)
		r = luns_find_lost(
			tracker->links.directory, tracker->view.sys, &first->disk, first->devpath);
	else
		r = scsi_scan_target(&tracker->view, tracker->identity.controller, target);
	if (r > 0)
		log_warning(
			"target %u: the kernel has lost %d disks, and looks for them", target, r);
	/* What is just going, and a controller that has gone, tell by themselves. */
	if (r < 0 && r != -ENODEV && r != -ENOENT && r != -ENXIO && r != -ESTALE)
		log_warning("target %u: cannot find out whether the kernel has lost disks: %s",
			target, strerror(-r));
}

static int scan_targets(void *data)
{
	const struct tracker *tracker = data;

	setpriority(PRIO_PROCESS, 0, NICE_LAST);
	for (uint32_t target = 0; target < SLOT_TARGETS; target++)
		if (tracker->lost.targets[target] && !is_mute(tracker, target))
			scan_target(tracker, target);
	return 0;
}

static void note_targets_with_disks(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n; i++) {
		uint32_t target = tracker->inventory.entries[i]->disk.target;

		if (target < SLOT_TARGETS)
			tracker->lost.targets[target] = true;
	}
}

static void forget_scanned(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;

	lost->waiting = false;
	for (uint32_t target = 0; target < SLOT_TARGETS; target++) {
		lost->targets[target] = lost->targets[target] && is_mute(tracker, target);
		lost->waiting |= lost->targets[target];
	}
}

static void scan(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;
	int r;

	note_targets_with_disks(tracker);
	r = job_start("scan for lost disks", scan_targets, tracker, tracker->view.sys);
	if (r < 0 && lost->retries < LOST_RETRIES_MAX) {
		lost->scan_at = now_ms() + ((uint64_t)LOST_QUIET_MS << lost->retries++);
		return;
	}
	if (r < 0)
		log_error("cannot look for disks that the kernel has lost: %s", strerror(-r));
	lost->scan_at = 0;
	forget_scanned(tracker);
}

/* One that could not tell can, or is gone. */
static bool can_tell(const struct tracker *tracker)
{
	for (uint32_t target = 0; target < SLOT_TARGETS; target++)
		if (tracker->lost.targets[target] && !is_mute(tracker, target))
			return true;
	return false;
}

void lost_continue(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;

	if (lost->waiting && !lost->scan_at && can_tell(tracker))
		put_off(tracker);
	if (lost->scan_at && lost->scan_at <= now_ms())
		scan(tracker);
}

uint64_t lost_deadline(const struct tracker *tracker)
{
	return tracker->lost.scan_at ? tracker->lost.scan_at : UINT64_MAX;
}
