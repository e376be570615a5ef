/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which virtio-scsi controller is managed. */
#pragma once

#include "disk.h"
#include "system.h"
#include "view.h"

/* The kernel parameter and the key in /etc/hotslot.conf that name it. */
#define CONTROLLER_PARAMETER "hotslot.controller"
#define CONTROLLER_KEY "controller"
#define CONTROLLER_CONFIG "hotslot.conf"

/* More controllers than a guest has PCI functions for. */
#define CONTROLLERS_MAX 64

struct controllers {
	size_t n;
	char names[CONTROLLERS_MAX][CONTROLLER_SIZE];
};

/* Lists all virtio-scsi controllers that there are, in no order. Returns -E2BIG if they are too
 * many. */
int controllers_list(const struct view *view, struct controllers *ret);

/* Finds the managed controller. DEVPATH is the way to a disk whose controller need not be looked
 * up, relative to /sys; or empty. It is the one that the kernel command line or else
 * /etc/hotslot.conf names, else the only virtio-scsi controller, else the one with the lowest PCI
 * path that none of the system's disks is on. A name is the whole path as hotslot-id prints it, its
 * last PCI function, or the path as the host's errors tell it, "02.0/01.0". Returns 0 with an empty
 * name if there is no virtio-scsi controller, or there are several and it is undecided what the
 * system's disks are, or a negative errno if the configuration cannot be read (-EBADMSG: it is
 * malformed).
 */
int controller_find(const struct view *view, const struct system_disks *system, const char *devpath,
	char ret[CONTROLLER_SIZE]);

/* Finds "KEY = VALUE" in the text of a configuration file: one a line, # starts a comment. Returns
 * 1 and the value, 0 if there is none, -EBADMSG for a line of another shape, -E2BIG. Pure. */
int config_find(const char *text, const char *key, char *ret, size_t size);

/* Finds "KEY=VALUE" on a kernel command line; the last one counts, as in the kernel, which also
 * is where the double quotes come from. Returns as config_find(). Pure. */
int cmdline_find(const char *text, const char *key, char *ret, size_t size);
