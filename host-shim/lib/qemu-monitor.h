/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands for a domain's QEMU that libvirt has no function for. */
#pragma once

#include <jansson.h>

#include "domain.h"

/* Has QEMU execute a command of QMP, and waits for what it returns, which the caller decrefs.
 * ARGUMENTS are taken over; NULL: none. HOTSLOT_ERROR_LIBVIRT if libvirt does not pass it on, as
 * its user may not have that, or QEMU refuses it. libvirt counts the domain as tainted from then
 * on: "custom-monitor". */
int qemu_monitor_execute(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	json_t **ret, struct hotslot_error *error);

/* Has the domain's events tell of each device that QEMU has let go of, by events_device_removed(),
 * also where libvirt does not know the device. Returns what qemu_monitor_ignore() takes. */
int qemu_monitor_hear_removals(const struct hotslot_domain *domain, struct hotslot_error *error);
void qemu_monitor_ignore(const struct hotslot_domain *domain, int removals);
