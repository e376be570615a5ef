/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain has a drive as it was asked for. Pure. */
#include "drive-verify.h"

#include <string.h>

#include "disk-compare.h"
#include "error.h"
#include "slot.h"
#include "source-compare.h"

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A LUN that is passed through has none in the XML. */
static bool has_serial(const struct xml_disk *disk, const struct drive *drive)
{
	return drive->passthrough ? !disk->serial : is_same(disk->serial, drive->serial);
}

/* libvirt writes sources in words of its own, and has TLS for NBD where its configuration says so:
 * disk_compare() sees to the rest. */
static bool has_source(const struct xml_disk *disk, const struct drive *drive)
{
	return disk->source && source_is_same(disk->source, drive->image.path, false);
}

static bool is_as_asked(const struct drive *drive, const struct domain_xml *xml)
{
	const struct xml_disk *disk =
		domain_xml_disk_at(xml, slot_target(drive->slot), slot_lun(drive->slot));
	/* The source of a running transient disk is its overlay. */
	bool overlay = xml->id >= 0 && drive->element && drive->element->transient;

	return disk && is_same(disk->alias, drive->alias) && has_serial(disk, drive) &&
	       (overlay || has_source(disk, drive)) && disk->passthrough == drive->passthrough &&
	       disk->read_only == drive->image.read_only;
}

/* Returns 1 if something that was asked for is missing: *ret says what. */
static int find_difference(
	const struct drive *drive, unsigned controller, xmlDoc *document, char **ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_xml_ xmlDoc *asked = NULL;
	struct disk_spec spec;
	xmlNode *disk;
	int r;

	drive_describe(drive, controller, &spec);
	r = disk_xml_format(&spec, &text);
	if (r < 0)
		return r;
	asked = xml_read(text);
	disk = disk_compare_find(document, controller, spec.target, spec.unit);
	return asked && disk ? disk_compare(xmlDocGetRootElement(asked), disk, ret) : -ENOMEM;
}

int drive_verify(const struct drive *drive, unsigned controller, xmlDoc *document,
	const struct domain_xml *xml, const char *where, const char *domain,
	struct hotslot_error *error)
{
	_cleanup_free_ char *difference = NULL;
	int r;

	if (!is_as_asked(drive, xml))
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"%s %s does not have the disk in slot %u as it was asked for", where,
			domain, drive->slot);
	r = find_difference(drive, controller, document, &difference);
	if (r < 0)
		return error_memory(error);
	if (r > 0)
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"%s %s does not have the disk in slot %u as it was asked for: libvirt "
			"has not kept %s",
			where, domain, drive->slot, difference);
	return 0;
}
