/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that sysfs has, and whose uevents the agent or udevd have not heard, or not believed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "place.h"
#include "places.h"
#include "presence.h"
#include "sysfs-write.h"
#include "tracker.h"
#include "udevd-queue.h"
#include "util.h"

void tracker_trigger(struct tracker *tracker, const char *devpath)
{
	_cleanup_free_ struct partition *partitions = NULL;
	char uevent[PATH_MAX];
	size_t n = 0;

	if ((size_t)snprintf(uevent, sizeof(uevent), "%s/uevent", devpath) >= sizeof(uevent))
		return;
	write_attr_at(tracker->view.sys, uevent, "change");
	/* They go by their disk, and after it. */
	if (disk_read_partitions(&tracker->view, devpath, &partitions, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if ((size_t)snprintf(uevent, sizeof(uevent), "%s/%s/uevent", devpath,
			    partitions[i].name) < sizeof(uevent))
			write_attr_at(tracker->view.sys, uevent, "change");
}

static bool is_disk_path(const char *path)
{
	const char *block = strstr(path, "/block/");

	return block && !strchr(block + strlen("/block/"), '/');
}

int tracker_for_each_disk(
	struct tracker *tracker, void (*look)(void *data, const char *devpath), void *data)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(tracker->view.sys, "class/block");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((errno = 0, entry = readdir(dir))) {
		char path[PATH_MAX] = "/";
		int r;

		if (strncmp(entry->d_name, "sd", 2))
			continue;
		r = view_find_block(&tracker->view, entry->d_name, path + 1, sizeof(path) - 1);
		if (presence_is_unknown(r))
			return r;
		if (r == 0 && is_disk_path(path))
			look(data, path);
	}
	return -errno;
}

struct seeking {
	struct tracker *tracker;
	uint32_t number;
};

static void seek(void *data, const char *devpath)
{
	const struct seeking *seeking = data;
	struct tracker *tracker = seeking->tracker;
	struct place place;

	if (place_parse(devpath, &place) != PLACE_VIRTIO_SCSI ||
		place_number(place.target, place.lun) != seeking->number ||
		strcmp(place.controller, tracker->identity.controller))
		return;
	if (tracker->links.owner)
		tracker_refresh(tracker, devpath);
	else
		tracker_trigger(tracker, devpath + 1);
}

int tracker_seek(struct tracker *tracker, uint32_t place)
{
	struct seeking seeking = { tracker, place };

	if (!tracker->links.owner && access(UDEVD_BUSY, F_OK) == 0)
		return -EBUSY;
	return tracker_for_each_disk(tracker, seek, &seeking);
}
