/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the events of a session told of the guest's disks. */
#include "disks-told.h"

#include <stdint.h>
#include <string.h>

#include "wire.h"

void disks_told_reset(struct disks_told *told)
{
	*told = (struct disks_told){ .highest = -1, .place = -1, .diskseq = -1, .vacant = -1 };
}

static json_int_t get_integer(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void take_disk(struct disks_told *told, const json_t *disk)
{
	json_int_t place = get_integer(disk, "place");

	if (place > told->highest)
		told->highest = place;
	told->place = place;
	told->diskseq = get_integer(disk, "diskseq");
	disks_told_set_taken(told, place);
}

/* Where udevd tells the agent, the next disk at that place may have been told of before. */
static void take_removed(struct disks_told *told, const json_t *removed)
{
	json_int_t place = get_integer(removed, "place");
	json_int_t diskseq = get_integer(removed, "diskseq");

	if (diskseq >= 0 && diskseq == told->diskseq && place == told->place)
		told->vacant = place;
}

bool disks_told_take(struct disks_told *told, const json_t *event)
{
	json_int_t seq = get_integer(event, "seq");
	const char *name = json_string_value(json_object_get(event, "event"));
	const json_t *data = json_object_get(event, "data");
	const json_t *disk = json_object_get(data, "disk");
	bool next = (uint64_t)seq == (uint64_t)told->last_seq + 1;

	told->last_seq = seq;
	told->missed |= !next;
	if (disk)
		take_disk(told, disk);
	else if (name && strcmp(name, HOTSLOT_EVENT_REMOVED) == 0)
		take_removed(told, data);
	return next;
}

bool disks_told_is_clear(const struct disks_told *told, json_int_t place)
{
	return !told->missed && told->highest < place;
}

bool disks_told_is_vacant(const struct disks_told *told, json_int_t place)
{
	return !told->missed && told->vacant >= 0 && told->vacant == place;
}

void disks_told_set_taken(struct disks_told *told, json_int_t place)
{
	if (told->vacant == place)
		told->vacant = -1;
}
