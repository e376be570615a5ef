/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that are there, and that the kernel has lost while others came and went. */
#include "lost.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "jobs.h"
#include "log.h"
#include "luns.h"
#include "places.h"
#include "record.h"
#include "sysfs-write.h"
#include "tracker.h"
#include "util.h"

#define NICE_LAST 19

#define MARK "lost"
#define MARK_PATH_SIZE (sizeof(((struct tracker *)NULL)->run_directory) + sizeof(MARK))

/* What says to the next agent that a scan is due. */
static void find_mark(const struct tracker *tracker, char *ret, size_t size)
{
	snprintf(ret, size, "%s/" MARK, tracker->run_directory);
}

static void make_mark(const struct tracker *tracker)
{
	char path[MARK_PATH_SIZE];
	int fd;

	find_mark(tracker, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	closep(&fd);
}

static void put_off(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms(), wait = (uint64_t)LOST_QUIET_MS << lost->doublings;

	if (!lost->scan_at) {
		lost->scan_by = now + wait + LOST_PUT_OFF_MAX_MS;
		make_mark(tracker);
	}
	lost->scan_at = earlier(now + wait, lost->scan_by);
	lost->retries = 0;
}

static void note(struct tracker *tracker, uint32_t target, unsigned events)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms();

	if (now >= lost->together_until)
		lost->events = 0;
	if (now >= lost->scanned_at + LOST_SOON_MS)
		lost->doublings = 0;
	lost->events += events;
	lost->together_until = now + LOST_TOGETHER_MS;
	if (target < SLOT_TARGETS)
		lost->targets[target] = true;
	if (lost->events >= LOST_EVENTS)
		put_off(tracker);
}

void lost_note_added(struct tracker *tracker, const struct entry *entry)
{
	note(tracker, entry->disk.target, 1);
}

void lost_note_removed(struct tracker *tracker, const struct entry *entry)
{
	if (entry->state == ENTRY_PRESENT)
		note(tracker, entry->disk.target, 2);
}

void lost_doubt(struct tracker *tracker)
{
	memset(tracker->lost.targets, true, sizeof(tracker->lost.targets));
	put_off(tracker);
}

void lost_resume(struct tracker *tracker)
{
	char path[MARK_PATH_SIZE];

	find_mark(tracker, path, sizeof(path));
	if (access(path, F_OK) == 0)
		lost_doubt(tracker);
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
	int r = 0;

	if (first)
		r = luns_find_lost(
			tracker->links.directory, tracker->view.sys, &first->disk, first->devpath);
	/* It does not answer that. */
	if (!first || r == -EIO)
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
	char mark[MARK_PATH_SIZE];

	setpriority(PRIO_PROCESS, 0, NICE_LAST);
	for (uint32_t target = 0; target < SLOT_TARGETS; target++)
		if (tracker->lost.targets[target] && !is_mute(tracker, target))
			scan_target(tracker, target);
	find_mark(tracker, mark, sizeof(mark));
	unlink(mark);
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
	lost->scan_at = lost->together_until = 0;
	lost->scanned_at = now_ms();
	if (lost->doublings < LOST_DOUBLINGS_MAX)
		lost->doublings++;
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
