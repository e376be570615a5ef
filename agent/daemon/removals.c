/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is heard of disks that have gone. */
#include "removals.h"

#include "record.h"

/* An event of the disk that was there can have the agent find the one that came after it under the
 * same name, before it hears that the first one has gone. */
static const struct entry *find(
	const struct tracker *tracker, const char *devpath, uint64_t diskseq)
{
	const struct entry *entry = inventory_find_devpath(&tracker->inventory, devpath + 1);

	return entry && (diskseq == 0 || entry->disk.diskseq == diskseq) ? entry : NULL;
}

static void handle_dropped(
	struct tracker *tracker, struct udevd_queue *udevd, const char *devpath, uint64_t diskseq)
{
	uint32_t place;

	if (!voids_drop(&tracker->voids, diskseq, &place))
		return;
	udevd_queue_add(udevd, place, devpath);
	if (inventory_find_place(&tracker->inventory, place))
		voids_settle(&tracker->voids, place);
}

void removal_handle(
	struct tracker *tracker, struct udevd_queue *udevd, const char *devpath, uint64_t diskseq)
{
	const struct entry *entry = find(tracker, devpath, diskseq);

	if (!entry) {
		handle_dropped(tracker, udevd, devpath, diskseq);
		return;
	}
	/* The kernel takes its number away before it says so: somebody has written "remove" to its
	 * uevent. udevd believes that. */
	if (!tracker_is_gone(tracker, entry)) {
		if (!tracker->links.owner)
			tracker_trigger(tracker, devpath + 1);
		return;
	}
	udevd_queue_add(udevd, disk_place(&entry->disk), devpath);
	tracker_remove(tracker, devpath, diskseq);
}
