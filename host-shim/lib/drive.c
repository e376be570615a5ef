/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk to be: its image checked, its slot, serial and alias reserved. */
#include "drive.h"

#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "slot.h"

static bool is_id(const char *id)
{
	static const char valid[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t length = strlen(id);

	/* libvirt drops an alias with any other character in silence. */
	return length > 0 && length <= ID_MAX && strspn(id, valid) == length;
}

int drive_check(struct hotslot *hotslot, const struct hotslot_attach_options *options,
	struct drive *ret, struct hotslot_error *error)
{
	if (options->slot < -1 || options->slot > SLOT_MAX)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Slot %d is out of range: slots are 0 to %d", options->slot, SLOT_MAX);
	if (options->serial && !serial_is_valid(options->serial))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Serial '%s' is not 1 to %d characters of A-Z a-z 0-9 _ . + -",
			options->serial, SERIAL_OWN_MAX);
	if (options->id && !is_id(options->id))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Id '%s' is not 1 to %d characters of A-Z a-z 0-9 _ -", options->id,
			ID_MAX);
	*ret = (struct drive){};
	return image_check(
		hotslot, options->image, options->format, options->read_only, &ret->image, error);
}

void drive_done(struct drive *drive)
{
	image_done(&drive->image);
}

static int reserve_slot(struct drive *drive, int wanted, const struct domain_xml *xml,
	unsigned first, struct hotslot_error *error)
{
	if (wanted >= 0) {
		drive->slot = wanted;
		if (!domain_xml_disk_at(xml, slot_target(wanted), slot_lun(wanted)))
			return 0;
		return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN, "A disk is in slot %d", wanted);
	}
	for (unsigned slot = first; slot <= SLOT_MAX; slot++)
		if (!domain_xml_disk_at(xml, slot_target(slot), slot_lun(slot))) {
			drive->slot = slot;
			return 0;
		}
	return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN, "Every slot has a disk");
}

static bool has_serial(const struct domain_xml *xml, const char *serial)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml->disks[i].serial && strcmp(xml->disks[i].serial, serial) == 0)
			return true;
	return false;
}

static int reserve_serial(struct drive *drive, const char *wanted, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	uint64_t random;

	if (wanted) {
		if (has_serial(xml, wanted))
			return error_set(error, HOTSLOT_ERROR_SERIAL_TAKEN,
				"Another disk has the serial %s", wanted);
		snprintf(drive->serial, sizeof(drive->serial), "%s", wanted);
		return 0;
	}
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_system(error, -errno, "Cannot make a serial");
	snprintf(drive->serial, sizeof(drive->serial), "hs-%u-%016llx", drive->slot,
		(unsigned long long)random);
	return 0;
}

static int reserve_alias(struct drive *drive, const char *wanted, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	if (wanted)
		snprintf(drive->alias, sizeof(drive->alias), ALIAS_PREFIX "%s", wanted);
	else
		snprintf(drive->alias, sizeof(drive->alias), ALIAS_PREFIX "slot-%u", drive->slot);
	if (domain_xml_disk_by_alias(xml, drive->alias))
		return error_set(error, HOTSLOT_ERROR_ID_TAKEN, "Another disk has the id %s",
			drive->alias + strlen(ALIAS_PREFIX));
	return 0;
}

/* sda, …, sdz, sdaa, …: the kernel's way of counting. */
static void format_label(unsigned number, char *ret, size_t size)
{
	char letters[8];
	size_t n = sizeof(letters) - 1;

	letters[n] = '\0';
	for (number++; number > 0 && n > 0; number = (number - 1) / 26)
		letters[--n] = (char)('a' + (number - 1) % 26);
	snprintf(ret, size, "sd%s", letters + n);
}

static bool has_label(const struct domain_xml *xml, const char *label)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml->disks[i].target_dev && strcmp(xml->disks[i].target_dev, label) == 0)
			return true;
	return false;
}

void drive_choose_label(const struct domain_xml *xml, unsigned first, char *ret, size_t size)
{
	do {
		format_label(first++, ret, size);
	} while (has_label(xml, ret));
}

int drive_reserve(struct drive *drive, const struct hotslot_attach_options *options,
	const struct domain_xml *xml, unsigned first, struct hotslot_error *error)
{
	int r = reserve_slot(drive, options->slot, xml, first, error);

	if (r == 0)
		r = reserve_serial(drive, options->serial, xml, error);
	if (r == 0)
		r = reserve_alias(drive, options->id, xml, error);
	if (r == 0)
		drive_choose_label(xml, drive->slot, drive->target_dev, sizeof(drive->target_dev));
	return r;
}

void drive_describe(const struct drive *drive, unsigned controller, struct disk_spec *ret)
{
	*ret = (struct disk_spec){
		.source = drive->image.path,
		.format = drive->image.format,
		.target_dev = drive->target_dev,
		.serial = drive->serial,
		.alias = drive->alias,
		.block = drive->image.block,
		.read_only = drive->image.read_only,
		.controller = controller,
		.target = slot_target(drive->slot),
		.unit = slot_lun(drive->slot),
	};
}
