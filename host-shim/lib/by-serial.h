/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a serial to its disk. */
#pragma once

#include "disks.h"
#include "domain.h"
#include "record.h"

/* The disk with a serial, which is encoded. In a session; XML is current. HOTSLOT_ERROR_NO_DISK if
 * none has it; HOTSLOT_ERROR_AMBIGUOUS, _MISMATCH or _PROTECTED if it names none for sure. The
 * caller frees *ret. */
int by_serial_find(struct hotslot_domain *domain, const struct domain_xml *xml, const char *serial,
	uint64_t deadline, struct record **ret, struct hotslot_error *error);

/* The same among DISKS, which lose it. Returns 1 if there is one, 0 if none has it. */
int by_serial_pick(const struct hotslot_domain *domain, struct disks *disks, const char *serial,
	struct record **ret, struct hotslot_error *error);
