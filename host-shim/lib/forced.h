/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the guest does not show, or not let go of: whether they go by force. */
#pragma once

#include "guest.h"

/* Until when the guest is given time to let go, of a detach by force that has until DEADLINE: the
 * host may have to find out that it does not, and needs time for its own half. */
uint64_t forced_release_until(uint64_t deadline);

/* Whether what the guest did, or did not do, is a refusal that force is stronger than. Not if the
 * domain or the connection is gone, or others have the domain. */
bool forced_overrules(const struct hotslot_error *error);

/* Whether DISK, NULL: one that libvirt has lost, may be unplugged though the guest does not show
 * it. The guest hides the disks that
 * its root stands on: those are not ours to take, by force or not. What it does not show for
 * another reason, somebody has deleted it there or it is broken, goes by force. */
int forced_check(struct hotslot_domain *domain, uint64_t place, const struct xml_disk *disk,
	bool force, uint64_t deadline, struct hotslot_error *error);

/* The guest did not let go of DISK, for the reason in ERROR: it goes all the same, and AUDIENCE is
 * told, unless the guest hides it, or does not say whether it does. */
int forced_overrule(struct hotslot_domain *domain, uint64_t place, const struct xml_disk *disk,
	uint64_t deadline, const struct guest_audience *audience, struct hotslot_error *error);

/* The disk is unplugged, of which the guest did not let go: asks whether it is gone. AUDIENCE is
 * told if the guest does not say so. */
int forced_await_gone(struct hotslot_domain *domain, uint64_t place, uint64_t deadline,
	const struct guest_audience *audience, struct hotslot_error *error);
