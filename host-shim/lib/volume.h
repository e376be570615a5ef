/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Volumes: a disk by the name that whoever manages the storage has for it. Pure. */
#pragma once

#include "domain-xml.h"

/* How a disk was found. */
enum volume_found {
	VOLUME_NONE,
	VOLUME_BY_ALIAS,
	VOLUME_BY_SERIAL,
	VOLUME_BY_ADDRESS,
};

/* The disk of the alias ua-hotslot-VOLUME, else of ua-VOLUME, on whatever controller. *ret is
 * written if there is one. Returns an enum volume_found, or -ENOMEM. */
int volume_find_alias(
	const struct domain_xml *xml, const char *volume, const struct xml_disk **ret);

/* If VOLUME is slot-N, an ID that we give, the disk in slot N of the managed controller. Likewise,
 * and without an error. */
int volume_find_address(
	const struct domain_xml *xml, const char *volume, const struct xml_disk **ret);

/* All that an XML alone can tell, in the order alias, serial, address; serials are the managed
 * controller's. -ENOTUNIQ if two disks have the serial. */
int volume_find(const struct domain_xml *xml, const char *volume, const struct xml_disk **ret);
