/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the disks are that no list shows. */
#include "hidden.h"

#include <limits.h>
#include <string.h>

#include "place.h"
#include "places.h"
#include "presence.h"
#include "record.h"
#include "util.h"

struct places {
	uint32_t places[HIDDEN_MAX]; /* ascending */
	size_t n;
	bool incomplete; /* for lack of descriptors or memory */
};

static void add_place(struct places *list, uint32_t place)
{
	size_t i = 0;

	while (i < list->n && list->places[i] < place)
		i++;
	if (list->n == HIDDEN_MAX || (i < list->n && list->places[i] == place))
		return;
	memmove(&list->places[i + 1], &list->places[i], (list->n - i) * sizeof(list->places[0]));
	list->places[i] = place;
	list->n++;
}

/* Adds the disk at DEVPATH if it is on the managed controller. */
static void add_disk(const struct tracker *tracker, const char *devpath, struct places *list)
{
	struct place place;

	if (place_parse(devpath, &place) == PLACE_VIRTIO_SCSI && place.channel == 0 &&
		!strcmp(place.controller, tracker->identity.controller))
		add_place(list, place_number(place.target, place.lun));
}

static void add_root_disks(const struct tracker *tracker, struct places *list)
{
	const struct system_disks *system = &tracker->identity.system;
	char devnum[DEVNUM_TEXT_SIZE], devpath[PATH_MAX];

	for (size_t i = 0; i < system->n; i++) {
		devnum_format(system->devnums[i], devnum);
		if (view_find_block(&tracker->view, devnum, devpath, sizeof(devpath)) == 0)
			add_disk(tracker, devpath, list);
	}
}

/* Whether a SCSI device's name, "HOST:CHANNEL:TARGET:LUN", has the system target. */
static bool is_at_system_target(const char *name)
{
	unsigned host, channel, target, lun;

	return sscanf(name, "%u:%u:%u:%u", &host, &channel, &target, &lun) == 4 &&
	       target == SLOT_SYSTEM_TARGET;
}

/* Adds the disk of a SCSI device, which has one if a driver for disks has taken it. */
static void add_device(const struct tracker *tracker, const char *device, struct places *list)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], devpath[PATH_MAX + 8];
	struct dirent *entry;

	snprintf(devpath, sizeof(devpath), "bus/scsi/devices/%s", device);
	if (view_read_link(&tracker->view, devpath, path, sizeof(path)) < 0)
		return;
	snprintf(devpath, sizeof(devpath), "%s/block", path);
	dir = open_directory_at(tracker->view.sys, devpath);
	list->incomplete |= !dir && is_shortage(-errno);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && (size_t)snprintf(path, sizeof(path), "%s/%s",
						       devpath, entry->d_name) < sizeof(path))
			add_disk(tracker, path, list);
}

/* A page is asked for often: names alone are cheap to look through. */
static void add_system_target(const struct tracker *tracker, struct places *list)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(tracker->view.sys, "bus/scsi/devices");
	struct dirent *entry;

	list->incomplete |= !dir && is_shortage(-errno);
	while (dir && (entry = readdir(dir)))
		if (is_at_system_target(entry->d_name))
			add_device(tracker, entry->d_name, list);
}

json_t *hidden_report(const struct tracker *tracker)
{
	const struct system_disks *system = &tracker->identity.system;
	bool undecided = system->undecided || system->error < 0;
	json_t *places = json_array();
	struct places list = {};

	if (!undecided) {
		add_root_disks(tracker, &list);
		add_system_target(tracker, &list);
		undecided = list.incomplete;
	}
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(places, json_integer(list.places[i]));
	return json_pack("{s:b, s:o}", "undecided", (int)undecided, "places", places);
}

struct hidden_place {
	const struct tracker *tracker;
	uint32_t place;
	int found; /* 1, or a negative errno: there is one that cannot be read */
};

static void compare_place(void *data, const char *devpath)
{
	struct hidden_place *wanted = data;
	const struct tracker *tracker = wanted->tracker;
	struct identity_error error;
	struct place place;
	struct disk disk;
	int r;

	if (place_parse(devpath, &place) != PLACE_VIRTIO_SCSI || place.channel != 0 ||
		place_number(place.target, place.lun) != wanted->place)
		return;
	r = disk_identify(&tracker->view, &tracker->identity, devpath, &disk, &error);
	if (presence_is_unknown(r))
		wanted->found = r;
	else if (r == 0 && disk.status == DISK_SYSTEM)
		wanted->found = 1;
}

int hidden_has(struct tracker *tracker, uint32_t place)
{
	struct hidden_place wanted = { .tracker = tracker, .place = place };
	int r;

	/* One that could not be read when it came is not in the inventory. */
	if (is_shortage(tracker->doubt.error))
		return tracker->doubt.error;
	r = tracker_for_each_disk(tracker, compare_place, &wanted);
	return r < 0 ? r : wanted.found;
}

int hidden_refuse_unknown(uint32_t place, int r, struct failure *failure)
{
	char text[PLACE_TEXT_SIZE];

	place_describe(place, text);
	return fail_request(failure, HOTSLOT_CLASS_INTERNAL,
		"cannot tell whether the disk in %s is the system's own: %s", text, strerror(-r));
}

int hidden_refuse(struct tracker *tracker, uint32_t place, struct failure *failure)
{
	char text[PLACE_TEXT_SIZE];
	int r;

	tracker_judge(tracker);
	r = tracker->identity.system.error;
	if (r == 0 && !inventory_find_place(&tracker->inventory, place))
		r = hidden_has(tracker, place);
	if (r < 0)
		return hidden_refuse_unknown(place, r, failure);
	if (r == 0)
		return 0;
	place_describe(place, text);
	return fail_request(failure, HOTSLOT_CLASS_HIDDEN,
		"the disk in %s is hidden: it is the system's own", text);
}
