/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One disk in two versions of a domain's XML. */
#include "counterpart.h"

#include <string.h>

#include "record.h"

/* Only these outlive a boot: libvirt makes the others up at each, by the address. */
#define USER_ALIAS_PREFIX "ua-"

static bool has_alias(const struct xml_disk *disk)
{
	return disk->alias &&
	       strncmp(disk->alias, USER_ALIAS_PREFIX, strlen(USER_ALIAS_PREFIX)) == 0;
}

static bool is_at_same_place(const struct xml_disk *a, const struct xml_disk *b)
{
	return a->scsi && b->scsi && a->controller == b->controller && a->target == b->target &&
	       a->unit == b->unit;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether both have a text, and not the same. */
static bool is_other_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

/* Two that have a text that tells them apart are two disks, unless they have one image: of an
 * alias or a serial somebody may have changed his mind. So are a disk, a LUN that is passed
 * through, and a drive for CDs. An image that a snapshot has put in front of another is told by the
 * serial alone, as a definition has no chain. */
static bool may_be(const struct xml_disk *a, const struct xml_disk *b)
{
	bool other_alias = has_alias(a) && has_alias(b) && strcmp(a->alias, b->alias) != 0;
	bool other_serial = is_other_text(a->serial, b->serial);

	if (a->passthrough != b->passthrough || a->cdrom != b->cdrom ||
		(other_alias && other_serial))
		return false;
	if (other_alias || other_serial)
		return a->source && is_same_text(a->source, b->source);
	return (a->serial && b->serial) || is_same_text(a->source, b->source);
}

/* One of ours is made of the slot, if the caller gives no id: whoever attaches to one version alone
 * may have the slot that the other one has for another disk. An alias of others' is theirs to
 * choose. */
static const struct xml_disk *find_alias(const struct domain_xml *xml, const struct xml_disk *disk)
{
	const struct xml_disk *found =
		has_alias(disk) ? domain_xml_disk_by_alias(xml, disk->alias) : NULL;

	return found && (record_is_foreign(found) || may_be(found, disk)) ? found : NULL;
}

static const struct xml_disk *find_serial(const struct domain_xml *xml, const struct xml_disk *disk)
{
	const struct xml_disk *found = NULL;

	for (size_t i = 0; i < xml->n_disks && disk->serial; i++) {
		const struct xml_disk *other = &xml->disks[i];

		if (!other->serial || strcmp(other->serial, disk->serial) != 0)
			continue;
		if (found)
			return NULL;
		found = other;
	}
	return found && may_be(found, disk) ? found : NULL;
}

static const struct xml_disk *find_place(const struct domain_xml *xml, const struct xml_disk *disk)
{
	for (size_t i = 0; i < xml->n_disks; i++)
		if (is_at_same_place(&xml->disks[i], disk) && may_be(&xml->disks[i], disk))
			return &xml->disks[i];
	return NULL;
}

/* On another bus, the label is all that there is. */
static const struct xml_disk *find_label(const struct domain_xml *xml, const struct xml_disk *disk)
{
	for (size_t i = 0; i < xml->n_disks && !disk->scsi && disk->target_dev; i++) {
		const struct xml_disk *other = &xml->disks[i];

		if (!other->scsi && other->target_dev &&
			strcmp(other->target_dev, disk->target_dev) == 0 && may_be(other, disk))
			return other;
	}
	return NULL;
}

const struct xml_disk *counterpart_find(const struct domain_xml *xml, const struct xml_disk *disk)
{
	const struct xml_disk *found = find_alias(xml, disk) ?: find_serial(xml, disk);

	return found ?: find_place(xml, disk) ?: find_label(xml, disk);
}

const struct xml_disk *counterpart_find_certain(
	const struct domain_xml *xml, const struct xml_disk *disk)
{
	const struct xml_disk *found = counterpart_find(xml, disk);

	return found && may_be(found, disk) ? found : NULL;
}

const struct xml_disk *counterpart_find_rival(
	const struct domain_xml *xml, const struct xml_disk *disk)
{
	const struct xml_disk *rival = domain_xml_disk_at(xml, disk->target, disk->unit);

	return rival || !has_alias(disk) ? rival : domain_xml_disk_by_alias(xml, disk->alias);
}
