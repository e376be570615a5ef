/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One disk in two versions of a domain's XML, the running one and its definition, say. By alias
 * first; where one of the two has none, by serial; where one of them has none, either, by address,
 * and on buses that are not SCSI, by libvirt's label. Pure.
 *
 * When in doubt, they are two disks, as what is done to the one is done to the other. So an alias
 * of ours, an address and a label lead to no disk of another image, unless the serial is the same,
 * and a serial to none of another alias and image.
 */
#pragma once

#include "domain-xml.h"

/* The disk in XML that DISK of another version is, NULL if none. A serial that several disks of XML
 * have tells nothing. */
const struct xml_disk *counterpart_find(const struct domain_xml *xml, const struct xml_disk *disk);

/* The same for what cannot be taken back: where others have given two disks one alias, that leads
 * to no disk of another serial or image, either. */
const struct xml_disk *counterpart_find_certain(
	const struct domain_xml *xml, const struct xml_disk *disk);

/* What XML has in the place of DISK of another version, which is another disk: at its address on
 * the managed controller, else under its alias. NULL if nothing. */
const struct xml_disk *counterpart_find_rival(
	const struct domain_xml *xml, const struct xml_disk *disk);
