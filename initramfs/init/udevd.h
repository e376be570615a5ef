/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udevd beside the agent: when it is ready, and what it has missed. */
#pragma once

#define UDEVD_PATH "/usr/lib/systemd/systemd-udevd"

/* Opens the socket on which udevd says that it is ready (sd_notify(3)), at UDEVD_NOTIFY. */
#define UDEVD_NOTIFY "@hotslot-init/udevd"
int udevd_open_notify(int *ret_fd);

enum udevd_message {
	UDEVD_NOTHING = 0,
	UDEVD_READY = 1,
};

/* Reads what udevd said. Returns an udevd_message, or -EAGAIN if nothing is left. */
int udevd_read_notify(int fd);

/* Has the kernel tell udevd once more of the devices that were there before it. */
int udevd_coldplug(void);

/* Opens the socket on which udevd hears the kernel; it is passed to udevd, and survives it. What
 * comes with each disk and has no rule here (SCSI targets and devices, bsg nodes) does not come
 * through: udevd would take the processor from the kernel's scan for it, five times a disk. */
int udevd_open_uevents(int *ret_fd);
