/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks of a domain, as host and guest see them, in one inventory. */
#pragma once

#include "guest.h"

/* In the order of their places, without the system's own. */
struct disks {
	struct record **records;
	size_t count;
	struct guest_hidden hidden;
};

/* Asks the guest, and merges with XML. In a session; the caller frees *ret with disks_done(). */
int disks_read(struct hotslot_domain *domain, const struct domain_xml *xml, uint64_t deadline,
	struct disks *ret, struct hotslot_error *error);

void disks_done(struct disks *disks);

#define _cleanup_disks_ _cleanup_(disks_done)
