/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain has the disk that was attached as it was asked for. */
#include "attach-work.h"
#include "disk-compare.h"
#include "error.h"
#include "slot.h"
#include "source-compare.h"

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
static int find_difference(const struct attach *attach, xmlDoc *live, char **ret)
{
	_cleanup_xml_ xmlDoc *asked = xml_read(attach->asked);
	unsigned slot = attach->drive.slot;
	xmlNode *disk = disk_compare_find(
		live, (unsigned)attach->xml->controller, slot_target(slot), slot_lun(slot));

	if (!asked || !disk)
		return -ENOMEM;
	return disk_compare(xmlDocGetRootElement(asked), disk, ret);
}

int attach_compare(const struct attach *attach, xmlDoc *document, const struct domain_xml *xml,
	const char *where, struct hotslot_error *error)
{
	_cleanup_free_ char *difference = NULL;
	const struct drive *drive = &attach->drive;
	int r;

	if (!is_as_asked(drive, xml))
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"%s %s does not have the disk in slot %u as it was asked for", where,
			attach->domain->name, drive->slot);
	r = find_difference(attach, document, &difference);
	if (r < 0)
		return error_memory(error);
	if (r > 0)
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"%s %s does not have the disk in slot %u as it was asked for: libvirt "
			"has not kept %s",
			where, attach->domain->name, drive->slot, difference);
	return 0;
}

int attach_verify(struct attach *attach, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	int r = domain_read_document(attach->domain, &document, &xml, error);

	if (r == 0)
		r = attach_compare(attach, document, xml, "Domain", error);
	if (r == 0)
		*ret = steal_pointer(xml);
	return r;
}
