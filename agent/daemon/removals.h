/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is heard of disks that have gone. */
#pragma once

#include <stdint.h>

#include "tracker.h"
#include "udevd-queue.h"

/* The kernel is said to have removed the disk at DEVPATH ("/devices/…/block/sda") that had this
 * disk sequence number (0: unknown). */
void removal_handle(
	struct tracker *tracker, struct udevd_queue *udevd, const char *devpath, uint64_t diskseq);
