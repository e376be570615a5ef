/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel pass over uevents that are none of our business. */
#pragma once

/* Attaches a filter to a netlink socket that hears the kernel's own uevents: only those of
 * subsystems block and virtio-ports come through, and whatever has another shape than
 * lib/kobject_uevent.c gives it. A disk makes five or six uevents, one of them a block device's;
 * each of the others would wake the agent while the kernel scans. Returns a negative errno. */
int uevent_filter_attach(int fd);
