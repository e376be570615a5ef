/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps by the library: what it has confirmed is right at once. */
#include <string.h>

#include "walk.h"

/* For guest and host each, on a busy machine. */
#define TIMEOUT_MS 20000

/* Forms of a reference at most; see library_references(). */
#define REFERENCES_MAX 8
#define REFERENCE_SIZE 160

void library_check(struct walk *walk, int r, const struct hotslot_error *error)
{
	if (r < 0)
		walk_fail(walk, "%s at '%s': %s", hotslot_error_name(error->code), error->step,
			error->message);
}

static void expect(struct walk *walk, bool truth, const char *what)
{
	if (!truth)
		walk_fail(walk, "the library returns the wrong %s", what);
}

/* ---- references ---- */

static void add(char (*texts)[REFERENCE_SIZE], size_t *n, const char *prefix, const char *value)
{
	snprintf(texts[(*n)++], REFERENCE_SIZE, "%s%s", prefix, value);
}

/* The texts that name DISK; for PART, which is not 0, those that name that. */
static size_t list_references(struct walk *walk, const struct disk *disk, unsigned part,
	char texts[REFERENCES_MAX][REFERENCE_SIZE])
{
	char slot[16], device[32], suffix[16] = "", letter_suffix[16] = "", name[128];
	size_t n = 0;

	if (part > 0) {
		snprintf(suffix, sizeof(suffix), "-part%u", part);
		snprintf(letter_suffix, sizeof(letter_suffix), "%u", part);
	}
	snprintf(slot, sizeof(slot), "%d%s", disk->slot, suffix);
	snprintf(name, sizeof(name), "%s%s", disk->encoded, suffix);
	if (disk->slot >= 0) {
		model_device(disk->slot, device, sizeof(device));
		strcat(device, letter_suffix);
		add(texts, &n, "", device);
		add(texts, &n, "/dev/disk/by-slot/", slot);
	}
	if (*disk->encoded && !disk_has_conflict(walk, disk))
		add(texts, &n, "/dev/disk/by-serial/", name);
	if (part > 0)
		return n;
	if (disk->slot >= 0)
		add(texts, &n, "", slot);
	if (*disk->encoded && !disk_has_conflict(walk, disk))
		add(texts, &n, "serial:", disk->encoded);
	if (!disk->foreign)
		add(texts, &n, "id:", disk_id(disk));
	add(texts, &n, "alias:", disk->alias);
	return n;
}

void library_reference(struct walk *walk, const struct disk *disk, char *ret, size_t size)
{
	char texts[REFERENCES_MAX][REFERENCE_SIZE];
	size_t n = list_references(walk, disk, 0, texts);

	snprintf(ret, size, "%s", texts[walk_random(walk, (unsigned)n)]);
}

static void check_resolve(
	struct walk *walk, const struct disk *disk, const char *reference, unsigned part)
{
	struct hotslot_disk *found;
	struct hotslot_error error;
	unsigned partition;

	library_check(
		walk, hotslot_resolve(walk->domain, reference, &found, &partition, &error), &error);
	if (found->slot != disk->slot || found->target != disk->target || found->lun != disk->lun ||
		partition != part || found->size != disk->size ||
		strcmp(found->alias ?: "", disk->alias) != 0)
		walk_fail(walk, "'%s' leads to slot %d, target %u, LUN %u, partition %u, %s",
			reference, found->slot, found->target, found->lun, partition,
			found->alias ?: "no alias");
	hotslot_disk_free(found);
}

enum outcome step_resolve(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, disk_is_visible);
	char texts[REFERENCES_MAX][REFERENCE_SIZE];
	unsigned part;
	size_t n;

	if (!disk)
		return NOT_NOW;
	walk_say(walk, "resolve all names of disk %u", disk->number);
	n = list_references(walk, disk, 0, texts);
	for (size_t i = 0; i < n; i++)
		check_resolve(walk, disk, texts[i], 0);
	if (disk->n_parts == 0)
		return AT_ONCE;
	part = 1 + walk_random(walk, (unsigned)disk->n_parts);
	n = list_references(walk, disk, part, texts);
	for (size_t i = 0; i < n; i++)
		check_resolve(walk, disk, texts[i], part);
	return AT_ONCE;
}

/* ---- attach ---- */

static void check_attached(
	struct walk *walk, const struct disk *disk, const struct hotslot_disk *got)
{
	expect(walk, got->slot == disk->slot, "slot");
	expect(walk, got->size == disk->size, "size");
	expect(walk, got->by_slot, "link by slot");
	expect(walk, got->attached && got->visible && !got->foreign, "state");
	expect(walk, got->read_only == disk->read_only, "mode");
	expect(walk, got->serial && (!*disk->serial || !strcmp(got->serial, disk->serial)),
		"serial");
	expect(walk, got->alias && !strcmp(got->alias, disk->alias), "alias");
	expect(walk, got->target_dev, "label");
}

static void choose_names(struct walk *walk, struct disk *disk)
{
	char name[32];

	if (walk_chance(walk, 50)) {
		snprintf(name, sizeof(name), "own-%u", disk->number);
		disk_set_serial(disk, name, name);
	}
	snprintf(disk->alias, sizeof(disk->alias), "ua-hotslot-slot-%d", disk->slot);
	if (walk_chance(walk, 40))
		snprintf(disk->alias, sizeof(disk->alias), "ua-hotslot-vol_%u", disk->number);
}

static int try_attach(
	struct walk *walk, struct disk *disk, int slot, struct hotslot_error *ret_error)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	char automatic[32];
	struct hotslot_disk *got;
	int r;

	snprintf(automatic, sizeof(automatic), "slot-%d", disk->slot);
	options.image = disk->path;
	options.slot = slot;
	options.serial = *disk->serial ? disk->serial : NULL;
	options.id = strcmp(disk_id(disk), automatic) ? disk_id(disk) : NULL;
	options.read_only = disk->read_only;
	options.timeout_ms = TIMEOUT_MS;
	r = hotslot_attach(walk->domain, &options, &got, ret_error);
	if (r < 0)
		return r;
	check_attached(walk, disk, got);
	disk_set_serial(disk, got->serial, got->serial);
	snprintf(disk->label, sizeof(disk->label), "%s", got->target_dev);
	hotslot_disk_free(got);
	model_reserve(walk, disk->slot, false);
	disk_add(walk, disk);
	return 0;
}

static struct disk *make_own(struct walk *walk, int slot)
{
	struct disk *disk = disk_make(walk);

	disk_set_slot(disk, slot);
	choose_names(walk, disk);
	image_write(walk, disk);
	return disk;
}

static void describe(struct walk *walk, const char *how, const struct disk *disk)
{
	walk_say(walk, "%s disk %u, %llu bytes, %s, table %d with %zu partitions, as %s in slot %d",
		how, disk->number, (unsigned long long)disk->size,
		disk->read_only ? "read-only" : "writable", (int)disk->table, disk->n_parts,
		disk->alias, disk->slot);
}

void library_attach(struct walk *walk, int slot)
{
	struct disk *disk = make_own(walk, slot >= 0 ? slot : model_first_free(walk));
	struct hotslot_error error;

	describe(walk, slot < 0 ? "attach in the first free slot:" : "attach in a slot:", disk);
	library_check(walk, try_attach(walk, disk, slot, &error), &error);
}

enum outcome step_attach(struct walk *walk)
{
	int slot = -1;

	if (walk->n_disks == DISKS_MAX)
		return NOT_NOW;
	if (walk->n_reserved > 0 && walk_chance(walk, 20))
		slot = walk->reserved[walk_random(walk, (unsigned)walk->n_reserved)];
	else if (walk_chance(walk, 60))
		slot = model_choose_free(walk);
	/* Somebody else may have a disk in a slot that is reserved. */
	if (slot >= 0 && model_find_slot(walk, slot))
		return NOT_NOW;
	library_attach(walk, slot);
	return AT_ONCE;
}

/* ---- detach ---- */

/* The library confirms the disk that it detaches. That another one has its name back, where they
 * had one serial, is udevd's affair where that makes the links. */
enum outcome library_detached(struct walk *walk, const struct disk *disk)
{
	return walk->links_by_udev && disk_has_conflict(walk, disk) ? SOON : AT_ONCE;
}

static enum outcome detach(struct walk *walk, struct disk *disk)
{
	enum outcome outcome = library_detached(walk, disk);
	struct hotslot_detach_options options = HOTSLOT_DETACH_INIT;
	struct hotslot_error error;
	char reference[REFERENCE_SIZE];

	library_reference(walk, disk, reference, sizeof(reference));
	walk_say(walk, "detach disk %u as %s", disk->number, reference);
	options.foreign = disk->foreign && strncmp(reference, "alias:", strlen("alias:")) != 0;
	options.timeout_ms = TIMEOUT_MS;
	library_check(walk, hotslot_detach(walk->domain, reference, &options, &error), &error);
	disk_drop(walk, disk);
	return outcome;
}

enum outcome step_detach(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, disk_is_visible);

	if (!disk)
		return NOT_NOW;
	return detach(walk, disk);
}

/* Another disk in the slot at once. */
enum outcome step_swap(struct walk *walk)
{
	struct disk *disk = disk_choose(walk, disk_is_visible);
	enum outcome outcome;
	int slot;

	if (!disk || disk->slot < 0)
		return NOT_NOW;
	slot = disk->slot;
	outcome = detach(walk, disk);
	library_attach(walk, slot);
	return outcome;
}

/* After somebody else has taken the disk out: the guest may show it still, and then the library
 * says so and nothing has changed. */
enum outcome step_host_detach_attach(struct walk *walk)
{
	struct disk *old = disk_choose(walk, disk_is_visible), *disk;
	enum outcome outcome;
	struct hotslot_error error;
	int slot, r;

	if (!old || old->slot < 0)
		return NOT_NOW;
	slot = old->slot;
	outcome = library_detached(walk, old);
	walk_say(walk, "libvirt detaches disk %u from slot %d, the library attaches there",
		old->number, slot);
	host_detach(walk, old);
	disk_drop(walk, old);
	disk = make_own(walk, slot);
	r = try_attach(walk, disk, slot, &error);
	if (r < 0 && error.code == HOTSLOT_ERROR_SLOT_TAKEN) {
		compare(walk, false);
		r = try_attach(walk, disk, slot, &error);
	}
	library_check(walk, r, &error);
	return outcome;
}

/* ---- resize ---- */

enum outcome step_resize(struct walk *walk)
{
	struct hotslot_resize_options options = HOTSLOT_RESIZE_INIT;
	struct disk *disk = disk_choose(walk, disk_is_writable);
	char reference[REFERENCE_SIZE];
	struct hotslot_error error;
	struct hotslot_disk *got;
	uint64_t before;

	if (!disk)
		return NOT_NOW;
	before = disk->size;
	disk_choose_size(walk, disk);
	library_reference(walk, disk, reference, sizeof(reference));
	walk_say(walk, "resize disk %u, %s, from %llu to %llu", disk->number, reference,
		(unsigned long long)before, (unsigned long long)disk->size);
	options.shrink = disk->size < before;
	options.foreign = disk->foreign;
	options.timeout_ms = TIMEOUT_MS;
	library_check(walk,
		hotslot_resize(walk->domain, reference, disk->size, &options, &got, &error),
		&error);
	expect(walk, got->size == disk->size && got->slot == disk->slot, "disk");
	hotslot_disk_free(got);
	return AT_ONCE;
}

/* ---- reservations ---- */

enum outcome step_reserve(struct walk *walk)
{
	struct hotslot_error error;
	int slot;

	if (walk->n_reserved == RESERVED_MAX)
		return NOT_NOW;
	slot = walk_chance(walk, 50) ? model_first_free(walk) : model_choose_free(walk);
	walk_say(walk, "reserve slot %d", slot);
	library_check(walk, hotslot_reserve(walk->domain, &slot, 1, &error), &error);
	model_reserve(walk, slot, true);
	return AT_ONCE;
}

/* Detaching a slot with nothing in it does the same. */
enum outcome step_unreserve(struct walk *walk)
{
	struct hotslot_error error;
	char text[16];
	int slot;

	if (walk->n_reserved == 0)
		return NOT_NOW;
	slot = walk->reserved[walk_random(walk, (unsigned)walk->n_reserved)];
	snprintf(text, sizeof(text), "%d", slot);
	if (model_find_slot(walk, slot) || walk_chance(walk, 50)) {
		walk_say(walk, "unreserve slot %d", slot);
		library_check(walk, hotslot_unreserve(walk->domain, &slot, 1, &error), &error);
	} else {
		walk_say(walk, "detach slot %d, which is reserved", slot);
		library_check(walk, hotslot_detach(walk->domain, text, NULL, &error), &error);
	}
	model_reserve(walk, slot, false);
	return AT_ONCE;
}

enum outcome step_attach_nothing(struct walk *walk)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	struct hotslot_error error;
	struct hotslot_disk *got;
	int slot;

	if (walk->n_reserved == RESERVED_MAX)
		return NOT_NOW;
	options.image = "/dev/null";
	options.slot = walk_chance(walk, 50) ? -1 : model_choose_free(walk);
	slot = options.slot < 0 ? model_first_free(walk) : options.slot;
	walk_say(walk, "attach /dev/null in slot %d", slot);
	library_check(walk, hotslot_attach(walk->domain, &options, &got, &error), &error);
	expect(walk, got->slot == slot && !got->attached && !got->visible, "disk");
	hotslot_disk_free(got);
	model_reserve(walk, slot, true);
	return AT_ONCE;
}
