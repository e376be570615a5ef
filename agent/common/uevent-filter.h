/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel pass over uevents that are none of our business. */
#pragma once

#include <stddef.h>

enum uevent_verdict {
	UEVENT_KEEP,	   /* those of the subsystems that are named, and no others */
	UEVENT_KEEP_ADDED, /* of those, what is new */
	UEVENT_DROP,	   /* all but those */
};

/* Attaches a filter to a netlink socket that hears the kernel's own uevents. SUBSYSTEMS are N
 * names, at most 16, of which the first eight bytes count. Uevents of devices with very long paths
 * come through whatever they are of. Returns a negative errno. */
int uevent_filter_attach(
	int fd, enum uevent_verdict verdict, const char *const *subsystems, size_t n);
