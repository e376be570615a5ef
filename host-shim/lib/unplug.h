/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's half of a detach. */
#pragma once

#include "domain.h"

/* libvirt hears within some 50 ms that QEMU has let go of a disk; on a busy machine, later. */
#define UNPLUG_HEARD_MS 1000

/* Detaches a disk of the XML by its alias and waits until QEMU has let go of it. It is no error if
 * it is gone, whatever has its alias by now: what others attach at a place has the same each time.
 */
int unplug(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error);

/* Waits a moment until a disk is gone that somebody else may have begun to detach, no longer than
 * until DEADLINE. Returns 1 if it is. */
int unplug_await(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error);

/* Whether a disk of the XML can be unplugged. Returns 1 if it can; 0 if it is gone by now from the
 * XML, for which this waits as unplug_await(); and HOTSLOT_ERROR_LIBVIRT if it is unheard: see
 * unheard.h. Whatever the guest says. In a session: that libvirt has all disks is asked once. */
int unplug_check(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error);

/* For who has QEMU let go of a device in another way. The first says whose removal is heard of from
 * now on, NULL: nobody's; the second waits for it, or until DEADLINE, or fails if the domain ends.
 */
void unplug_expect(struct hotslot_domain *domain, const char *alias);
int unplug_wait(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);
