/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes: a disk by the name that whoever manages the storage has for it.
 *
 * Nova's plan to name devices by alias is the reason. A volume there is in the alias of a disk that
 * was attached since, in the serial of one of before, and what has neither is known by its address:
 * a LUN that is passed through has no serial in the XML. KubeVirt has the name of the volume in
 * both.
 */
#include "volume.h"

#include <string.h>

#include "record.h"
#include "slot.h"

/* What libvirt wants before the alias that a user gives. */
#define USER_ALIAS_PREFIX "ua-"

/* Our IDs where the caller gives none. */
#define SLOT_ID_PREFIX "slot-"

static int find_alias(const struct domain_xml *xml, const char *prefix, const char *volume,
	const struct xml_disk **ret)
{
	_cleanup_free_ char *alias = NULL;
	const struct xml_disk *disk;

	if (asprintf(&alias, "%s%s", prefix, volume) < 0) {
		alias = NULL;
		return -ENOMEM;
	}
	disk = domain_xml_disk_by_alias(xml, alias);
	if (!disk)
		return VOLUME_NONE;
	*ret = disk;
	return VOLUME_BY_ALIAS;
}

int volume_find_alias(const struct domain_xml *xml, const char *volume, const struct xml_disk **ret)
{
	int r = find_alias(xml, ALIAS_PREFIX, volume, ret);

	return r == VOLUME_NONE ? find_alias(xml, USER_ALIAS_PREFIX, volume, ret) : r;
}

int volume_find_address(
	const struct domain_xml *xml, const char *volume, const struct xml_disk **ret)
{
	const struct xml_disk *disk;
	const char *number = volume + strlen(SLOT_ID_PREFIX);
	uint64_t slot;

	if (strncmp(volume, SLOT_ID_PREFIX, strlen(SLOT_ID_PREFIX)) != 0 ||
		(number[0] == '0' && number[1]) || parse_u64(number, SLOT_MAX, &slot) < 0)
		return VOLUME_NONE;
	disk = domain_xml_disk_at(xml, slot_target((unsigned)slot), slot_lun((unsigned)slot));
	if (!disk)
		return VOLUME_NONE;
	*ret = disk;
	return VOLUME_BY_ADDRESS;
}

static int find_serial(
	const struct domain_xml *xml, const char *volume, const struct xml_disk **ret)
{
	const struct xml_disk *found = NULL;

	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (!domain_xml_manages(xml, disk) || !disk->serial ||
			strcmp(disk->serial, volume) != 0)
			continue;
		if (found)
			return -ENOTUNIQ;
		found = disk;
	}
	if (!found)
		return VOLUME_NONE;
	*ret = found;
	return VOLUME_BY_SERIAL;
}

int volume_find(const struct domain_xml *xml, const char *volume, const struct xml_disk **ret)
{
	int r = volume_find_alias(xml, volume, ret);

	if (r == VOLUME_NONE)
		r = find_serial(xml, volume, ret);
	return r == VOLUME_NONE ? volume_find_address(xml, volume, ret) : r;
}
