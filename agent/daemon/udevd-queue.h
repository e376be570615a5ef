/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the agent owns the links and udevd runs beside it: removals that udevd has yet to handle,
 * and nodes whose mode and owner it has set. */
#pragma once

#include <libudev.h>

#include "foretell.h"
#include "tracker.h"

/* Made by udevd; its existence says that udevd runs. */
#define UDEVD_CONTROL "/run/udev/control"

/* There while udevd has events to handle. */
#define UDEVD_BUSY "/run/udev/queue"

/* udevd handles an event in milliseconds, and has a backlog of seconds at worst after hundreds of
 * disks. One that takes longer is broken, and is not waited for. */
#define UDEVD_REMOVAL_MS 10000

struct removal;

struct udevd_queue {
	struct loop *loop;
	struct tracker *tracker;
	struct foretell *foretell;
	struct udev_monitor *monitor;
	struct source source;
	struct removal *removals;
};

/* Starts to listen to udevd. Returns a negative errno. */
int udevd_queue_open(struct udevd_queue *queue, struct loop *loop, struct udev *udev,
	struct tracker *tracker, struct foretell *foretell);
void udevd_queue_close(struct udevd_queue *queue);

/* The kernel has removed the disk at DEVPATH ("/devices/…/block/sda") from PLACE: whoever reuses
 * the place waits until udevd has noticed, too, or has no chance to. */
void udevd_queue_add(struct udevd_queue *queue, uint32_t place, const char *devpath);

/* Whether udevd has yet to handle a removal from PLACE. */
bool udevd_queue_has(const struct udevd_queue *queue, uint32_t place);

/* When the oldest is given up (now_ms()); UINT64_MAX if there is none. */
uint64_t udevd_queue_deadline(const struct udevd_queue *queue);
void udevd_queue_expire(struct udevd_queue *queue);
