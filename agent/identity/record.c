/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record as JSON: the part of it that sysfs alone tells. */
#include "record.h"

#include "places.h"
#include "util.h"

uint32_t disk_place(const struct disk *disk)
{
	return place_number(disk->target, disk->lun);
}

struct pair {
	const char *key;
	json_t *value;
};

/* Takes the references, also on failure. json_pack() would take the pairs apart by a format, and
 * read each text twice. */
static json_t *make_object(const struct pair *pairs, size_t n)
{
	json_t *object = json_object();
	int r = 0;

	for (size_t i = 0; i < n; i++)
		r |= json_object_set_new_nocheck(object, pairs[i].key, pairs[i].value);
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

static const char *devnum_text(dev_t devnum, char text[DEVNUM_TEXT_SIZE])
{
	devnum_format(devnum, text);
	return text;
}

json_t *disk_to_json(const struct disk *disk)
{
	char devnum[DEVNUM_TEXT_SIZE];
	const struct pair pairs[] = {
		{ "place", json_integer(disk_place(disk)) },
		{ "slot", disk->status == DISK_SLOTTED ? json_integer(disk->slot) : json_null() },
		{ "target", json_integer(disk->target) },
		{ "lun", json_integer(disk->lun) },
		{ "serial", *disk->serial ? json_string(disk->serial) : json_null() },
		{ "name", json_string(disk->name) },
		{ "devnum", json_string(devnum_text(disk->devnum, devnum)) },
		{ "diskseq", json_integer((json_int_t)disk->diskseq) },
		{ "size", json_integer((json_int_t)disk->size) },
		{ "block-size", json_integer(disk->block_size) },
		{ "read-only", json_boolean(disk->read_only) },
	};

	return make_object(pairs, ARRAY_SIZE(pairs));
}
