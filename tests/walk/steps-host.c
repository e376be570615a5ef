/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps behind the library's back: others use libvirt, or write to the disks in the guest. */
#include <string.h>

#include "slot.h"
#include "walk.h"

/* LUNs that are no slots; 16383 is QEMU's last. */
static const unsigned unslotted_luns[] = { 256, 300, 803, 16383 };

/* libvirt gives these labels a place of its own, sda unit 0 and so on: as virsh attach-disk has
 * it. Seven fit on a controller. */
#define AUTOMATIC_PLACES 7

#define LABELS 52

/* What others call their disks, and the names in the guest: libvirt puts a backslash before a
 * space, QEMU cuts after 36 bytes. */
static const struct {
	const char *serial, *encoded;
} odd_serials[] = {
	{ "a b", "a\\x5c\\x20b" },
	{ "trail ", "trail\\x5c\\x20" },
	{ ".dot", "\\x2edot" },
	{ "x", "x" },
	{ "x-part1", "x\\x2dpart1" },
	{ "Case", "Case" },
	{ "case", "case" },
	{ "0123456789abcdefghijklmnopqrstuvwxyz-cut", "0123456789abcdefghijklmnopqrstuvwxyz" },
};

static bool has_serial(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return *disk->encoded;
}

static void choose_serial(struct walk *walk, struct disk *disk)
{
	struct disk *other = disk_choose(walk, has_serial);
	unsigned odd = walk_random(walk, ARRAY_SIZE(odd_serials));
	char name[32];

	if (walk_chance(walk, 30))
		return;
	snprintf(name, sizeof(name), "vol-%u", disk->number);
	if (other && walk_chance(walk, 40))
		disk_set_serial(disk, other->serial, other->encoded);
	else if (walk_chance(walk, 40))
		disk_set_serial(disk, odd_serials[odd].serial, odd_serials[odd].encoded);
	else
		disk_set_serial(disk, name, name);
}

static void choose_label(struct walk *walk, struct disk *disk)
{
	unsigned n = walk_random(walk, LABELS);

	do {
		n = (n + 1) % LABELS;
		snprintf(disk->label, sizeof(disk->label), n < 26 ? "sd%c" : "sda%c",
			(char)('a' + n % 26));
	} while (model_has_label(walk, disk->label));
}

/* Returns whether the label alone gives the place. */
static bool choose_place(struct walk *walk, struct disk *disk)
{
	unsigned place = walk_random(walk, AUTOMATIC_PLACES), target, lun;

	snprintf(disk->label, sizeof(disk->label), "sd%c", (char)('a' + place));
	if (walk_chance(walk, 20) && !model_has_label(walk, disk->label) &&
		!model_find_slot(walk, (int)place)) {
		disk_set_slot(disk, (int)place);
		return true;
	}
	choose_label(walk, disk);
	disk_set_slot(disk, model_choose_free(walk));
	target = walk_chance(walk, 50) ? 0 : walk_random(walk, SLOT_TARGETS);
	lun = unslotted_luns[walk_random(walk, ARRAY_SIZE(unslotted_luns))];
	if (walk_chance(walk, 20))
		target = SLOT_SYSTEM_TARGET;
	if (walk_chance(walk, 25) && !model_find(walk, target, lun))
		disk_set_place(disk, target, lun);
	return false;
}

static bool choose_alias(struct walk *walk, struct disk *disk)
{
	bool given = walk_chance(walk, 50);

	if (given)
		snprintf(disk->alias, sizeof(disk->alias), "ua-other-%u", disk->number);
	else
		snprintf(
			disk->alias, sizeof(disk->alias), "scsi0-0-%u-%u", disk->target, disk->lun);
	return given;
}

static void describe(struct walk *walk, const struct disk *disk, bool with_address)
{
	walk_say(walk,
		"libvirt attaches disk %u, %llu bytes, %s, table %d with %zu partitions, as %s, "
		"serial '%s', at target %u, LUN %u%s",
		disk->number, (unsigned long long)disk->size,
		disk->read_only ? "read-only" : "writable", (int)disk->table, disk->n_parts,
		disk->alias, disk->serial, disk->target, disk->lun,
		with_address ? "" : " by its label");
}

/* At OLD's place, or anywhere. */
static void attach(struct walk *walk, unsigned target, unsigned lun, bool there)
{
	struct disk *disk = disk_make(walk);
	bool with_address = true, with_alias;

	disk->foreign = true;
	choose_serial(walk, disk);
	if (there) {
		choose_label(walk, disk);
		disk_set_place(disk, target, lun);
	} else {
		with_address = !choose_place(walk, disk);
	}
	with_alias = choose_alias(walk, disk);
	image_write(walk, disk);
	describe(walk, disk, with_address);
	host_attach(walk, disk, with_address, with_alias);
	disk_add(walk, disk);
}

enum outcome step_host_attach(struct walk *walk)
{
	if (walk->n_disks == DISKS_MAX)
		return NOT_NOW;
	attach(walk, 0, 0, false);
	return SOON;
}

enum outcome step_host_detach(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, NULL);

	if (!disk)
		return NOT_NOW;
	walk_say(walk, "libvirt detaches disk %u, %s", disk->number, disk->alias);
	host_detach(walk, disk);
	disk_drop(walk, disk);
	return SOON;
}

enum outcome step_host_swap(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, NULL);
	unsigned target, lun;

	if (!disk)
		return NOT_NOW;
	target = disk->target, lun = disk->lun;
	walk_say(walk, "libvirt detaches disk %u, %s, and at once attaches another", disk->number,
		disk->alias);
	host_detach(walk, disk);
	disk_drop(walk, disk);
	attach(walk, target, lun, true);
	return SOON;
}

enum outcome step_host_resize(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, disk_is_writable);
	uint64_t before;

	if (!disk)
		return NOT_NOW;
	before = disk->size;
	disk_choose_size(walk, disk);
	walk_say(walk, "libvirt resizes disk %u from %llu to %llu", disk->number,
		(unsigned long long)before, (unsigned long long)disk->size);
	host_resize(walk, disk);
	return SOON;
}
