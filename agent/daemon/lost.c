/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that are there, and that the kernel has lost while others went. */
#include "lost.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "sysfs-write.h"
#include "tracker.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void lost_note_added(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms();

	if (now >= lost->together_until) {
		lost->events = 0;
		/* What waits to be scanned was of more events than the driver has room for. */
		if (!lost->scan_at)
			memset(lost->targets, 0, sizeof(lost->targets));
	}
	lost->events++;
	lost->together_until = now + LOST_TOGETHER_MS;
}

void lost_note_removed(struct tracker *tracker, const struct disk *disk)
{
	struct lost *lost = &tracker->lost;
	uint64_t now = now_ms();

	lost_note_added(tracker);
	if (disk->target < LOST_TARGETS)
		lost->targets[disk->target] = true;
	if (lost->events < LOST_EVENTS)
		return;
	if (!lost->scan_at)
		lost->scan_by = now + LOST_PUT_OFF_MAX_MS;
	lost->scan_at = earlier(now + LOST_QUIET_MS, lost->scan_by);
}

/* Returns whether it need not be tried again. */
static bool scan(const struct tracker *tracker, uint32_t target)
{
	int r = scsi_scan_target_start(&tracker->view, tracker->identity.controller, target);

	if (r == -EALREADY || r == -EBUSY)
		return false;
	if (r < 0)
		log_warning("cannot have the kernel scan target %u: %s", target, strerror(-r));
	return true;
}

void lost_continue(struct tracker *tracker)
{
	struct lost *lost = &tracker->lost;
	bool again = false;

	if (!lost->scan_at || lost->scan_at > now_ms())
		return;
	for (uint32_t target = 0; target < LOST_TARGETS; target++) {
		if (!lost->targets[target])
			continue;
		lost->targets[target] = !scan(tracker, target);
		again |= lost->targets[target];
	}
	lost->scan_at = again ? now_ms() + LOST_QUIET_MS : 0;
}

uint64_t lost_deadline(const struct tracker *tracker)
{
	return tracker->lost.scan_at ? tracker->lost.scan_at : UINT64_MAX;
}
