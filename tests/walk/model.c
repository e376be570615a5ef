/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the walk knows of the disks: places, names, reservations. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slot.h"
#include "walk.h"

/* The edges of what a target holds, of the controller, and what people use. */
static const int interesting_slots[] = { 0, 1, 2, 3, 7, 254, 255, 256, 257, 511, 512, 65279 };

#define GROW_SECTORS_MAX 4096

#define OWN_PREFIX "ua-hotslot-"

static uint64_t choose_size(struct walk *walk)
{
	unsigned min = walk_chance(walk, 70) ? TABLE_DISK_SECTORS : DISK_SECTORS_MIN;

	return SECTOR * (uint64_t)(min + walk_random(walk, DISK_SECTORS_MAX - min));
}

struct disk *disk_make(struct walk *walk)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		walk_fail(walk, "no memory");
	disk->number = ++walk->made;
	snprintf(disk->path, sizeof(disk->path), "%s/disk-%u.img", walk->directory, disk->number);
	disk->size = choose_size(walk);
	disk->read_only = walk_chance(walk, 15);
	if (walk_chance(walk, 40))
		image_choose_table(walk, disk, walk_chance(walk, 50) ? TABLE_DOS : TABLE_GPT);
	return disk;
}

static uint64_t smallest_size(const struct disk *disk)
{
	const struct part *last = &disk->parts[disk->n_parts ? disk->n_parts - 1 : 0];

	/* A GPT says how large its disk is. */
	if (disk->table == TABLE_GPT)
		return disk->size;
	return disk->table == TABLE_DOS ? last->start + last->size : DISK_SECTORS_MIN * SECTOR;
}

void disk_choose_size(struct walk *walk, struct disk *disk)
{
	uint64_t room = (disk->size - smallest_size(disk)) / SECTOR;

	if (room > 0 && walk_chance(walk, 40))
		disk->size -= SECTOR * (1 + (uint64_t)walk_random(walk, (unsigned)room));
	else
		disk->size += SECTOR * (1 + (uint64_t)walk_random(walk, GROW_SECTORS_MAX));
}

static bool shares_serial(const struct disk *disk, const struct disk *other)
{
	return other != disk && !other->hidden && !strcmp(other->encoded, disk->encoded);
}

void disk_add(struct walk *walk, struct disk *disk)
{
	disk->holds_name = !disk_has_conflict(walk, disk);
	walk->disks[walk->n_disks++] = disk;
}

void disk_drop(struct walk *walk, struct disk *disk)
{
	for (size_t i = 0; i < walk->n_disks; i++)
		if (walk->disks[i] == disk) {
			walk->n_disks--;
			memmove(&walk->disks[i], &walk->disks[i + 1],
				(walk->n_disks - i) * sizeof(struct disk *));
		}
	unlink(disk->path);
	free(disk);
}

void disk_set_place(struct disk *disk, unsigned target, unsigned lun)
{
	disk->target = target;
	disk->lun = lun;
	disk->hidden = target == SLOT_SYSTEM_TARGET;
	disk->slot = slot_exists(target, lun) ? (int)slot_from_place(target, lun) : -1;
	if (disk->slot >= 0)
		snprintf(disk->text, sizeof(disk->text), "slot %d disk %u", disk->slot,
			disk->number);
	else
		snprintf(disk->text, sizeof(disk->text), "target %u LUN %u disk %u", target, lun,
			disk->number);
}

void disk_set_slot(struct disk *disk, int slot)
{
	disk_set_place(disk, slot_target((uint32_t)slot), slot_lun((uint32_t)slot));
}

void disk_set_serial(struct disk *disk, const char *serial, const char *encoded)
{
	snprintf(disk->serial, sizeof(disk->serial), "%s", serial);
	snprintf(disk->encoded, sizeof(disk->encoded), "%s", encoded);
}

struct disk *disk_choose(struct walk *walk, bool (*fits)(struct walk *, const struct disk *))
{
	struct disk *found[DISKS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < walk->n_disks; i++)
		if (!fits || fits(walk, walk->disks[i]))
			found[n++] = walk->disks[i];
	return n == 0 ? NULL : found[walk_random(walk, (unsigned)n)];
}

bool disk_is_visible(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return !disk->hidden;
}

bool disk_is_own(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return !disk->foreign;
}

bool disk_is_writable(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return !disk->hidden && !disk->read_only;
}

struct disk *model_find(struct walk *walk, unsigned target, unsigned lun)
{
	for (size_t i = 0; i < walk->n_disks; i++)
		if (walk->disks[i]->target == target && walk->disks[i]->lun == lun)
			return walk->disks[i];
	return NULL;
}

struct disk *model_find_slot(struct walk *walk, int slot)
{
	return model_find(walk, slot_target((uint32_t)slot), slot_lun((uint32_t)slot));
}

bool model_has_label(struct walk *walk, const char *label)
{
	for (size_t i = 0; i < walk->n_disks; i++)
		if (!strcmp(walk->disks[i]->label, label))
			return true;
	return false;
}

bool model_is_reserved(struct walk *walk, int slot)
{
	for (size_t i = 0; i < walk->n_reserved; i++)
		if (walk->reserved[i] == slot)
			return true;
	return false;
}

void model_reserve(struct walk *walk, int slot, bool reserved)
{
	size_t kept = 0;

	for (size_t i = 0; i < walk->n_reserved; i++)
		if (walk->reserved[i] != slot)
			walk->reserved[kept++] = walk->reserved[i];
	walk->n_reserved = kept;
	if (reserved)
		walk->reserved[walk->n_reserved++] = slot;
}

static bool is_free(struct walk *walk, int slot)
{
	return !model_find_slot(walk, slot) && !model_is_reserved(walk, slot);
}

int model_first_free(struct walk *walk)
{
	int slot = 0;

	while (!is_free(walk, slot))
		slot++;
	return slot;
}

int model_choose_free(struct walk *walk)
{
	for (;;) {
		int slot = walk_chance(walk, 60) ? interesting_slots[walk_random(
							   walk, ARRAY_SIZE(interesting_slots))]
						 : (int)walk_random(walk, SLOT_COUNT);

		if (is_free(walk, slot))
			return slot;
	}
}

bool disk_has_conflict(struct walk *walk, const struct disk *disk)
{
	if (!*disk->encoded || disk->hidden)
		return false;
	for (size_t i = 0; i < walk->n_disks; i++)
		if (shares_serial(disk, walk->disks[i]))
			return true;
	return false;
}

bool disk_awaits_name(struct walk *walk, const struct disk *disk)
{
	if (walk->agent || !*disk->encoded || disk->hidden || disk->holds_name)
		return false;
	for (size_t i = 0; i < walk->n_disks; i++)
		if (shares_serial(disk, walk->disks[i]) && walk->disks[i]->holds_name)
			return false;
	return true;
}

bool disk_has_serial_link(struct walk *walk, const struct disk *disk)
{
	if (!*disk->encoded || disk->hidden)
		return false;
	return walk->agent ? !disk_has_conflict(walk, disk) : disk->holds_name;
}

void model_device(int slot, char *ret, size_t size)
{
	char letters[8] = "", *p = letters + sizeof(letters) - 1;

	for (int n = slot; n >= 0; n = n / 26 - 1)
		*--p = (char)('a' + n % 26);
	snprintf(ret, size, "/dev/sd%s", p);
}

const char *disk_id(const struct disk *disk)
{
	return disk->alias + strlen(OWN_PREFIX);
}
