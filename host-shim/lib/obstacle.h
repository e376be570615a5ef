/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in the way of an attach, and libvirt does not know of: no repair finds a lost disk that
 * the guest does not show. */
#pragma once

#include "domain.h"
#include "drive.h"

enum {
	OBSTACLE_GONE = 1,
	OBSTACLE_IN_SLOT = 2, /* others' disk, which stays: only another slot helps */
};

/* The alias of the device that QEMU has in the way, by what it says of an attach that it refuses.
 * NULL: it says nothing of one, or there is no memory. The caller frees it. Pure. */
char *obstacle_read_alias(const char *refusal);

/* Looks for what was in the way of DRIVE, which QEMU has refused like this, and removes it if it is
 * ours, unless the guest hides it or has it in use. Returns one of these; 0 if there is none, or it
 * cannot be removed. REFUSAL says what stays, and why. In a session. */
int obstacle_clear(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct hotslot_error *refusal);

/* The same of a DRIVE whose image is in use, where a daemon went while it attached it, and could
 * not write that down: QEMU may have the disk by its own alias, or its image for no disk. Returns
 * whether the image may be free by now. */
bool obstacle_clear_own(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct hotslot_error *refusal);
