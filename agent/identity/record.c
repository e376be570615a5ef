/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record as JSON: the part of it that sysfs alone tells. */
#include "record.h"

#include "places.h"
#include "util.h"

uint32_t disk_place(const struct disk *disk)
{
	return place_number(disk->target, disk->lun);
}

json_t *disk_to_json(const struct disk *disk)
{
	char devnum[DEVNUM_TEXT_SIZE];
	json_t *slot = disk->status == DISK_SLOTTED ? json_integer(disk->slot) : json_null();
	json_t *serial = *disk->serial ? json_string(disk->serial) : json_null();

	devnum_format(disk->devnum, devnum);
	/* "o" takes the references, also on failure. */
	return json_pack("{s:I, s:o, s:i, s:i, s:o, s:s, s:s, s:I, s:I, s:i, s:b}", "place",
		(json_int_t)disk_place(disk), "slot", slot, "target", (int)disk->target, "lun",
		(int)disk->lun, "serial", serial, "name", disk->name, "devnum", devnum, "diskseq",
		(json_int_t)disk->diskseq, "size", (json_int_t)disk->size, "block-size",
		(int)disk->block_size, "read-only", (int)disk->read_only);
}
