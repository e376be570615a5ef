/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that the library refuses, and which change nothing. */
#include <string.h>

#include "encode.h"
#include "slot.h"
#include "walk.h"

/* Each tries something and returns what the library says, 1 if the walk has no disk to try it
 * with; *ret_code is what the library should say. */
typedef int (*refused_fn)(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error);

static bool is_slotted(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return disk->slot >= 0;
}

static bool has_plain_serial(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return serial_is_valid(disk->serial);
}

static bool is_foreign_in_slot(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return disk->foreign && disk->slot >= 0;
}

static bool is_own_writable(struct walk *walk, const struct disk *disk)
{
	return disk_is_own(walk, disk) && !disk->read_only;
}

static bool is_own_read_only(struct walk *walk, const struct disk *disk)
{
	return disk_is_own(walk, disk) && disk->read_only;
}

static bool is_hidden(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return disk->hidden;
}

static bool is_parted(struct walk *walk, const struct disk *disk)
{
	(void)walk;
	return disk->slot >= 0 && disk->n_parts > 0;
}

/* A new image. */
static int attach(
	struct walk *walk, struct hotslot_attach_options *options, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_make(walk);
	int r;

	disk_set_slot(disk, 0);
	image_write(walk, disk);
	options->image = disk->path;
	r = hotslot_attach(walk->domain, options, NULL, ret_error);
	disk_drop(walk, disk);
	return r;
}

static int taken_slot(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	struct disk *disk = disk_choose(walk, is_slotted);

	if (!disk)
		return 1;
	walk_say(walk, "attach in slot %d, which is taken", disk->slot);
	options.slot = disk->slot;
	*ret_code = HOTSLOT_ERROR_SLOT_TAKEN;
	return attach(walk, &options, ret_error);
}

static int taken_serial(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	struct disk *disk = disk_choose(walk, has_plain_serial);

	if (!disk)
		return 1;
	walk_say(walk, "attach with serial %s, which is taken", disk->serial);
	options.serial = disk->serial;
	*ret_code = HOTSLOT_ERROR_SERIAL_TAKEN;
	return attach(walk, &options, ret_error);
}

static int taken_id(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	struct disk *disk = disk_choose(walk, disk_is_own);

	if (!disk)
		return 1;
	walk_say(walk, "attach with id %s, which is taken", disk_id(disk));
	options.id = disk_id(disk);
	*ret_code = HOTSLOT_ERROR_ID_TAKEN;
	return attach(walk, &options, ret_error);
}

static int missing_image(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;

	walk_say(walk, "attach an image that is not there");
	options.image = "/nonexistent";
	*ret_code = HOTSLOT_ERROR_IMAGE;
	return hotslot_attach(walk->domain, &options, NULL, ret_error);
}

static int empty_slot(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	int slot = model_choose_free(walk);
	char text[16];

	walk_say(walk, "detach slot %d, which is empty", slot);
	snprintf(text, sizeof(text), "%d", slot);
	*ret_code = HOTSLOT_ERROR_SLOT_EMPTY;
	return hotslot_detach(walk->domain, text, NULL, ret_error);
}

static int unknown_reference(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	static const char *const references[] = { "serial:nobody", "id:nobody", "alias:nobody",
		"/dev/disk/by-serial/nobody" };
	const char *reference = references[walk_random(walk, ARRAY_SIZE(references))];

	walk_say(walk, "detach %s", reference);
	*ret_code = HOTSLOT_ERROR_NO_DISK;
	return hotslot_detach(walk->domain, reference, NULL, ret_error);
}

static int foreign_disk(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, is_foreign_in_slot);
	char text[16];

	if (!disk)
		return 1;
	walk_say(walk, "detach slot %d, in which is disk %u of others", disk->slot, disk->number);
	snprintf(text, sizeof(text), "%d", disk->slot);
	*ret_code = HOTSLOT_ERROR_FOREIGN;
	return hotslot_detach(walk->domain, text, NULL, ret_error);
}

static int ambiguous_serial(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, disk_has_conflict);
	char reference[160];

	if (!disk)
		return 1;
	snprintf(reference, sizeof(reference), "serial:%s", disk->encoded);
	walk_say(walk, "detach %s, which two disks have", reference);
	*ret_code = HOTSLOT_ERROR_AMBIGUOUS;
	return hotslot_detach(walk->domain, reference, NULL, ret_error);
}

static int partition(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, is_parted);
	char reference[64];

	if (!disk)
		return 1;
	snprintf(reference, sizeof(reference), "/dev/disk/by-slot/%d-part1", disk->slot);
	walk_say(walk, "detach %s", reference);
	*ret_code = HOTSLOT_ERROR_INVALID;
	return hotslot_detach(walk->domain, reference, NULL, ret_error);
}

static int hidden_disk(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct hotslot_detach_options options = HOTSLOT_DETACH_INIT;
	struct disk *disk = disk_choose(walk, is_hidden);
	char reference[128];

	if (!disk)
		return 1;
	snprintf(reference, sizeof(reference), "alias:%s", disk->alias);
	walk_say(walk, "detach %s, at the system target, by force", reference);
	options.foreign = options.force = true;
	*ret_code = HOTSLOT_ERROR_PROTECTED;
	return hotslot_detach(walk->domain, reference, &options, ret_error);
}

static int shrink(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, is_own_writable);
	char reference[160];

	if (!disk)
		return 1;
	library_reference(walk, disk, reference, sizeof(reference));
	walk_say(walk, "shrink disk %u, %s, without saying so", disk->number, reference);
	*ret_code = HOTSLOT_ERROR_SHRINK;
	return hotslot_resize(walk->domain, reference, disk->size - SECTOR, NULL, NULL, ret_error);
}

static int resize_read_only(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, is_own_read_only);
	char reference[160];

	if (!disk)
		return 1;
	library_reference(walk, disk, reference, sizeof(reference));
	walk_say(walk, "resize disk %u, %s, which is read-only", disk->number, reference);
	*ret_code = HOTSLOT_ERROR_IMAGE;
	return hotslot_resize(walk->domain, reference, disk->size + SECTOR, NULL, NULL, ret_error);
}

/* With a slot that could be reserved before it: all, or none. */
static int reserve_taken(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	struct disk *disk = disk_choose(walk, is_slotted);
	int slots[2] = { model_choose_free(walk) };

	if (!disk || model_is_reserved(walk, disk->slot))
		return 1;
	slots[1] = disk->slot;
	walk_say(walk, "reserve slots %d and %d, which is taken", slots[0], slots[1]);
	*ret_code = HOTSLOT_ERROR_SLOT_TAKEN;
	return hotslot_reserve(walk->domain, slots, ARRAY_SIZE(slots), ret_error);
}

static int reserve_again(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	int slot;

	if (walk->n_reserved == 0)
		return 1;
	slot = walk->reserved[walk_random(walk, (unsigned)walk->n_reserved)];
	walk_say(walk, "reserve slot %d, which is reserved", slot);
	*ret_code = HOTSLOT_ERROR_RESERVED;
	return hotslot_reserve(walk->domain, &slot, 1, ret_error);
}

static int unreserve_other(
	struct walk *walk, enum hotslot_error_code *ret_code, struct hotslot_error *ret_error)
{
	int slot = model_choose_free(walk);

	walk_say(walk, "unreserve slot %d, which is not reserved", slot);
	*ret_code = HOTSLOT_ERROR_SLOT_EMPTY;
	return hotslot_unreserve(walk->domain, &slot, 1, ret_error);
}

enum outcome step_refused(struct walk *walk)
{
	static const refused_fn tries[] = { taken_slot, taken_serial, taken_id, missing_image,
		empty_slot, unknown_reference, foreign_disk, ambiguous_serial, partition,
		hidden_disk, shrink, resize_read_only, reserve_taken, reserve_again,
		unreserve_other };
	enum hotslot_error_code code = HOTSLOT_ERROR_NONE;
	struct hotslot_error error;
	int r = tries[walk_random(walk, ARRAY_SIZE(tries))](walk, &code, &error);

	if (r > 0)
		return NOT_NOW;
	if (r == 0)
		walk_fail(walk, "it succeeds");
	if (error.code != code)
		walk_fail(walk, "it fails with %s instead of %s: %s",
			hotslot_error_name(error.code), hotslot_error_name(code), error.message);
	return AT_ONCE;
}
