/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's half of a detach. */
#pragma once

#include "domain.h"

/* libvirt hears within some 50 ms that QEMU has let go of a disk; on a busy machine, later. */
#define UNPLUG_HEARD_MS 1000

/* Detaches the device with this alias and waits until QEMU has let go of it. It is no error if
 * there is none. */
int unplug(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error);

/* Waits a moment until a device is gone that somebody else may have begun to detach, no longer than
 * until DEADLINE. Returns 1 if it is. */
int unplug_await(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error);

/* Whether QEMU has the disk with this label of libvirt's; true if libvirt does not tell. Takes
 * libvirt a time that grows with all of the domain's disks: 0.2 ms each. */
bool unplug_is_possible(const struct hotslot_domain *domain, const char *target_dev);

/* The same of a disk that the guest does not show, before it is unplugged. Returns 1 if QEMU has it;
 * 0 if it is gone by now from the XML, too, for which it waits as unplug_await(); and
 * HOTSLOT_ERROR_LIBVIRT if it never will go from there: libvirt, stopped at the wrong moment, has
 * missed that QEMU has let go of it. libvirt 9.0 touches freed memory when it is asked to detach
 * such a disk. */
int unplug_check(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error);
