/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is chosen for a disk that is to be in a running domain and in its definition, one after the
 * other: the same in both. */
#include "attach-work.h"
#include "counterpart.h"
#include "error.h"
#include "places.h"

/* ---- the disk that one of the two has already ---- */

static const char *id_of(const struct xml_disk *disk)
{
	return disk->alias + strlen(ALIAS_PREFIX);
}

static bool may_be_twin(const struct attach *attach, const struct xml_disk *disk)
{
	const struct hotslot_attach_options *options = &attach->options;
	const struct image *image = &attach->drive.image;
	uint32_t place = place_number(disk->target, disk->unit);

	if (record_is_foreign(disk) || disk->target == SLOT_SYSTEM_TARGET ||
		!place_is_slot(place) || strlen(disk->alias) >= sizeof(attach->drive.alias))
		return false;
	if (!is_same(disk->source, image->path) || !is_same(disk->format, image->format) ||
		disk->read_only != image->read_only ||
		disk->passthrough != attach->drive.passthrough)
		return false;
	if (!disk->passthrough && (!disk->serial || !serial_is_valid(disk->serial)))
		return false;
	return (options->slot < 0 || (unsigned)options->slot == place) &&
	       (!options->serial || is_same(options->serial, disk->serial)) &&
	       (!options->id || strcmp(options->id, id_of(disk)) == 0);
}

/* As it is there, it cannot be in the other one, too. */
static bool is_overlaid(const struct domain_xml *other, const struct xml_disk *disk)
{
	return domain_xml_is_taken(other, disk->target, disk->unit) ||
	       domain_xml_disk_by_alias(other, disk->alias);
}

/* The disk of XML that is what is to be attached to the other one. */
static const struct xml_disk *find_twin(
	const struct attach *attach, const struct domain_xml *xml, const struct domain_xml *other)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (domain_xml_manages(xml, &xml->disks[i]) &&
			may_be_twin(attach, &xml->disks[i]) &&
			!counterpart_find(other, &xml->disks[i]) &&
			!is_overlaid(other, &xml->disks[i]))
			return &xml->disks[i];
	return NULL;
}

static int take_twin(struct attach *attach, const struct xml_disk *disk, const char *where,
	struct hotslot_error *error)
{
	if (xml_disk_copy(disk, &attach->twin) < 0)
		return error_memory(error);
	attach->twin_found = true;
	attach->options.slot = (int)place_number(disk->target, disk->unit);
	attach->options.serial = disk->passthrough ? NULL : attach->twin.serial;
	attach->options.id = id_of(&attach->twin);
	connection_notice(attach->domain->hotslot,
		"The %s %s has %s in slot %d already: the disk is attached as it is there", where,
		attach->domain->name, attach->drive.image.path, attach->options.slot);
	return 0;
}

/* ---- what is free ---- */

static bool has_serial(const struct domain_xml *xml, const char *serial)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (domain_xml_manages(xml, &xml->disks[i]) &&
			is_same(xml->disks[i].serial, serial))
			return true;
	return false;
}

static int check_named(const struct attach *attach, const struct domain_xml *xml, const char *where,
	struct hotslot_error *error)
{
	const struct hotslot_attach_options *options = &attach->options;
	char alias[sizeof(attach->drive.alias)];

	if (options->slot >= 0 && domain_xml_is_taken(xml, slot_target((unsigned)options->slot),
					  slot_lun((unsigned)options->slot)))
		return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN, "The %s %s has a disk in slot %d",
			where, attach->domain->name, options->slot);
	if (options->serial && has_serial(xml, options->serial))
		return error_set(error, HOTSLOT_ERROR_SERIAL_TAKEN,
			"The %s %s has another disk with the serial %s", where,
			attach->domain->name, options->serial);
	snprintf(alias, sizeof(alias), ALIAS_PREFIX "%s", options->id ?: "");
	if (options->id && domain_xml_disk_by_alias(xml, alias))
		return error_set(error, HOTSLOT_ERROR_ID_TAKEN,
			"The %s %s has another disk with the id %s", where, attach->domain->name,
			options->id);
	return 0;
}

int attach_join(const struct attach *attach, struct domain_xml *xml, const struct domain_xml *other,
	struct hotslot_error *error)
{
	for (size_t i = 0; i < other->n_disks; i++) {
		bool twin = attach->twin_found && xml_disk_shares(&other->disks[i], &attach->twin);

		if (!twin && domain_xml_add(xml, &other->disks[i]) < 0)
			return error_memory(error);
	}
	for (int slot = slot_set_next(&other->reserved, 0); slot >= 0;
		slot = slot_set_next(&other->reserved, (unsigned)slot + 1))
		slot_set_add(&xml->reserved, (unsigned)slot);
	return 0;
}

int attach_agree(struct attach *attach, struct domain_xml *xml, const struct domain_xml *other,
	const char *where, struct hotslot_error *error)
{
	const struct xml_disk *twin = attach->twin_found ? NULL : find_twin(attach, other, xml);
	int r = 0;

	if (twin)
		r = take_twin(attach, twin, where, error);
	else if (!attach->twin_found)
		r = check_named(attach, other, where, error);
	return r < 0 ? r : attach_join(attach, xml, other, error);
}

void attach_choose_label(struct attach *attach)
{
	const char *label = attach->twin.target_dev;

	if (attach->twin_found && label && strlen(label) < sizeof(attach->drive.target_dev) &&
		!drive_label_is_taken(attach->xml, label))
		snprintf(attach->drive.target_dev, sizeof(attach->drive.target_dev), "%s", label);
}
