/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listens to uevents: the kernel's own, or through libudev those that udevd has handled. */
#pragma once

#include <libudev.h>
#include <limits.h>

#include "arrivals.h"
#include "foretell.h"
#include "resets.h"
#include "server.h"
#include "tracker.h"
#include "udevd-queue.h"

struct watch {
	struct loop *loop;
	struct tracker *tracker;
	struct server *server;
	struct udev *udev;
	struct udev_monitor *monitor; /* NULL: it is the kernel that is listened to */
	struct source source;
	struct udevd_queue udevd;
	struct resets resets;
	struct foretell foretell;
	struct arrivals *arrivals; /* NULL where the agent hears of disks from the kernel */
	bool judge;		   /* what the root file system stands on may have changed */
	char changed[PATH_MAX];	   /* a disk that has changed and is to be looked at; empty: none */
};

/* Starts to listen: to the kernel where the agent owns the links, else to udevd, which speaks
 * once it has made them. Events that came before are not told: rescan then. Logs what fails. */
int watch_open(
	struct watch *watch, struct loop *loop, struct tracker *tracker, struct server *server);
void watch_close(struct watch *watch);
