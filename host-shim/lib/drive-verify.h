/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain has a drive as it was asked for. Pure. */
#pragma once

#include "drive.h"

/* HOTSLOT_ERROR_MISMATCH if a domain's XML, which is called WHERE, does not have the drive on that
 * controller, with all that libvirt was given. DOCUMENT is the same, unparsed. */
int drive_verify(const struct drive *drive, unsigned controller, xmlDoc *document,
	const struct domain_xml *xml, const char *where, const char *domain,
	struct hotslot_error *error);
