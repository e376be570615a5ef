/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk to be: its image checked, its slot, serial and alias reserved. */
#include "drive.h"

#include <string.h>
#include <sys/random.h>

#include "backend.h"
#include "drive-element.h"
#include "error.h"
#include "options.h"
#include "reference.h"
#include "slot.h"

bool drive_id_is_valid(const char *id)
{
	static const char valid[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t length = strlen(id);

	/* libvirt drops an alias with any other character in silence. */
	return length > 0 && length <= ID_MAX && strspn(id, valid) == length;
}

/* The name of an option of the backend's that is set, NULL if none is. */
static const char *backend_set(const struct hotslot_attach_options *options)
{
	struct hotslot_backend_options backend = {};

	if (options->backend)
		options_copy(&backend, sizeof(backend), options->backend);
	return backend_first_set(&backend) ?: backend.iothread ? "iothread" : NULL;
}

/* Each of these would be of a disk. */
static int check_reservation(
	const struct hotslot_attach_options *options, struct hotslot_error *error)
{
	const char *name = options->serial	  ? "serial"
			   : options->id	  ? "id"
			   : options->format	  ? "format"
			   : options->read_only	  ? "mode"
			   : options->strict	  ? "serial to be strict about"
			   : options->passthrough ? "LUN"
			   : options->label	  ? "label"
						  : backend_set(options);

	if (!name)
		return 0;
	return error_set(error, HOTSLOT_ERROR_INVALID,
		IMAGE_NONE " only reserves a slot: there is no disk to have a %s", name);
}

static int check_passthrough(
	const struct hotslot_attach_options *options, struct hotslot_error *error)
{
	if (options->serial)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Serial '%s' cannot be given: the LUN has a serial of its own",
			options->serial);
	if (options->format && strcmp(options->format, "raw") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Format '%s' cannot be given: a LUN is raw", options->format);
	return 0;
}

int drive_bad_label(const char *label, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"Label '%s' is not 1 to %d characters of A-Z a-z 0-9 _ . -", label,
		LABEL_LENGTH_MAX);
}

static int check_options(
	const struct hotslot_attach_options *options, bool passthrough, struct hotslot_error *error)
{
	if (options->slot < -1 || options->slot > SLOT_MAX)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Slot %d is out of range: slots are 0 to %d", options->slot, SLOT_MAX);
	if (options->serial && !serial_is_valid(options->serial))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Serial '%s' is not 1 to %d characters of A-Z a-z 0-9 _ . + -",
			options->serial, SERIAL_OWN_MAX);
	if (options->id && !drive_id_is_valid(options->id))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Id '%s' is not 1 to %d characters of A-Z a-z 0-9 _ -", options->id,
			ID_MAX);
	if (options->label && !label_is_valid(options->label))
		return drive_bad_label(options->label, error);
	return passthrough ? check_passthrough(options, error) : 0;
}

static int check_image(struct hotslot *hotslot, const struct hotslot_attach_options *options,
	struct drive *drive, struct hotslot_error *error)
{
	const struct hotslot_backend_options *backend = &drive->backend;
	const char *format = options->passthrough ? "raw" : options->format;
	unsigned flags = (options->read_only ? IMAGE_READ_ONLY : 0) |
			 (backend->shareable ? IMAGE_SHARED : 0) |
			 (options->scope == HOTSLOT_SCOPE_CONFIG ? IMAGE_USED : 0);
	int r = backend_check(backend, options->image ? source_kind(options->image) : SOURCE_PATH,
		drive->passthrough, error);

	if (r == 0)
		r = image_check(hotslot, options->image, format, flags, &drive->image, error);
	if (r < 0)
		return r;
	if (drive->passthrough && !drive->image.block &&
		source_kind(drive->image.path) != SOURCE_ISCSI)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"%s cannot be passed through: it is neither a block device nor an "
			"iscsi:// URI",
			drive->image.path);
	if (backend->shareable && strcmp(drive->image.format, "raw") != 0)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"%s cannot be shareable: two domains that write would break its format, "
			"%s",
			drive->image.path, drive->image.format);
	/* The header is no part of the disk; libvirt knows how long it is. */
	if (backend->luks && strcmp(drive->image.format, "raw") == 0)
		drive->image.size = 0;
	return 0;
}

int drive_check(struct hotslot *hotslot, struct hotslot_attach_options *options, struct drive *ret,
	struct hotslot_error *error)
{
	int r;

	*ret = (struct drive){ .passthrough = options->passthrough, .strict = options->strict };
	if (options->backend)
		options_copy(&ret->backend, sizeof(ret->backend), options->backend);
	if (options->image && strcmp(options->image, IMAGE_NONE) == 0 && !options->xml) {
		ret->reserved = true;
		r = check_reservation(options, error);
		return r < 0 ? r : check_options(options, false, error);
	}
	r = options->xml ? drive_take_element(options, ret, error) : 0;
	if (r == 0)
		r = check_options(options, ret->passthrough, error);
	if (r < 0)
		return r;
	return options->xml ? drive_check_element(
				      hotslot, ret, options->scope == HOTSLOT_SCOPE_CONFIG, error)
			    : check_image(hotslot, options, ret, error);
}

void drive_done(struct drive *drive)
{
	image_done(&drive->image);
	drive->element = disk_element_free(drive->element);
}

static bool is_taken(const struct domain_xml *xml, unsigned slot)
{
	return domain_xml_is_taken(xml, slot_target(slot), slot_lun(slot));
}

int drive_slot_taken(const struct domain_xml *xml, unsigned slot, struct hotslot_error *error)
{
	bool disk = domain_xml_disk_at(xml, slot_target(slot), slot_lun(slot));

	return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN, "A %s is in slot %u",
		disk ? "disk" : "CD-ROM drive", slot);
}

static int reserve_named(struct drive *drive, unsigned slot, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	if (is_taken(xml, slot))
		return drive_slot_taken(xml, slot, error);
	if (drive->reserved && slot_set_has(&xml->reserved, slot))
		return error_set(
			error, HOTSLOT_ERROR_RESERVED, "Slot %u is reserved already", slot);
	drive->slot = slot;
	return 0;
}

static int reserve_slot(struct drive *drive, int wanted, const struct domain_xml *xml,
	unsigned first, struct hotslot_error *error)
{
	struct slot_set taken;

	if (wanted >= 0)
		return reserve_named(drive, (unsigned)wanted, xml, error);
	taken = xml->reserved;
	domain_xml_add_taken(xml, &taken);
	for (unsigned slot = first; slot <= SLOT_MAX; slot++)
		if (!slot_set_has(&taken, slot)) {
			drive->slot = slot;
			return 0;
		}
	return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN, "Every slot has a disk or is reserved");
}

/* By-serial links are the managed controller's. */
static bool has_serial(const struct domain_xml *xml, const char *serial)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (domain_xml_manages(xml, &xml->disks[i]) && xml->disks[i].serial &&
			strcmp(xml->disks[i].serial, serial) == 0)
			return true;
	return false;
}

static int reserve_serial(struct drive *drive, const char *wanted, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	uint64_t random;

	if (drive->passthrough)
		return 0;
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

/* "slot-3", or "slot-3-2" if somebody has taken that name for a disk elsewhere, and so on. */
static void derive_alias(struct drive *drive, const struct domain_xml *xml)
{
	snprintf(drive->alias, sizeof(drive->alias), ALIAS_PREFIX "slot-%u", drive->slot);
	for (unsigned n = 2; domain_xml_disk_by_alias(xml, drive->alias); n++)
		snprintf(drive->alias, sizeof(drive->alias), ALIAS_PREFIX "slot-%u-%u", drive->slot,
			n);
}

static int reserve_alias(struct drive *drive, const char *wanted, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	if (!wanted) {
		derive_alias(drive, xml);
		return 0;
	}
	snprintf(drive->alias, sizeof(drive->alias), ALIAS_PREFIX "%s", wanted);
	if (domain_xml_disk_by_alias(xml, drive->alias))
		return error_set(
			error, HOTSLOT_ERROR_ID_TAKEN, "Another disk has the id %s", wanted);
	return 0;
}

bool drive_label_is_taken(const struct domain_xml *xml, const char *label)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (xml->disks[i].target_dev && strcmp(xml->disks[i].target_dev, label) == 0)
			return true;
	return false;
}

void drive_choose_label(const struct domain_xml *xml, unsigned first, char *ret, size_t size)
{
	char device[REFERENCE_DEVICE_SIZE];

	do {
		reference_format_device(first++, device, sizeof(device));
		snprintf(ret, size, "%s", device + strlen("/dev/"));
	} while (drive_label_is_taken(xml, ret));
}

/* A label that is given is kept. */
static int reserve_label(
	struct drive *drive, const struct domain_xml *xml, struct hotslot_error *error)
{
	const char *wanted = drive->element ? drive->element->target_dev : NULL;

	if (!wanted) {
		drive_choose_label(xml, drive->slot, drive->target_dev, sizeof(drive->target_dev));
		return 0;
	}
	if (!drive->label_kept && drive_label_is_taken(xml, wanted))
		return error_set(error, HOTSLOT_ERROR_ID_TAKEN,
			"Another disk has the target %s: leave it out of the XML", wanted);
	snprintf(drive->target_dev, sizeof(drive->target_dev), "%s", wanted);
	return 0;
}

int drive_reserve(struct drive *drive, const struct hotslot_attach_options *options,
	const struct domain_xml *xml, unsigned first, struct hotslot_error *error)
{
	int r = drive_check_controller(drive, xml, error);

	if (r == 0)
		r = reserve_slot(drive, options->slot, xml, first, error);
	if (r < 0 || drive->reserved)
		return r;
	r = reserve_serial(drive, options->serial, xml, error);
	if (r == 0)
		r = reserve_alias(drive, options->id, xml, error);
	return r == 0 ? reserve_label(drive, xml, error) : r;
}

void drive_describe(const struct drive *drive, unsigned controller, struct disk_spec *ret)
{
	*ret = (struct disk_spec){
		.source = drive->image.path,
		.format = drive->image.format,
		.target_dev = drive->target_dev,
		.serial = drive->serial[0] ? drive->serial : NULL,
		.alias = drive->alias,
		.block = drive->image.block,
		.network = drive->image.network,
		.passthrough = drive->passthrough,
		.read_only = drive->image.read_only,
		.controller = controller,
		.target = slot_target(drive->slot),
		.unit = slot_lun(drive->slot),
		.backend = &drive->backend,
		.element = drive->element,
	};
}
