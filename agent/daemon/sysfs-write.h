/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to sysfs that may take long, in a child: scans, rescans and deletions of SCSI devices.
 * Each of them but a replacement returns -EALREADY while the kernel is at the same one still, and
 * -EBUSY while it is at too many others; see jobs.h. */
#pragma once

#include <stdint.h>

#include "disk.h"
#include "view.h"

/* Has the kernel scan for a disk at an address of CONTROLLER. The child is on its own: what it
 * finds comes as a uevent. Returns -ENODEV if the controller has no SCSI host. */
int scsi_scan_start(const struct view *view, const char *controller, uint32_t target, uint32_t lun);

/* In a child: the same for all LUNs of a target. Blocks. The kernel asks LUN 0 for them; if it has
 * that already, it may not (see luns.h), and those with a slot are scanned one by one. */
int scsi_scan_target(const struct view *view, const char *controller, uint32_t target);

/* Has the kernel read the capacity of the disk at DEVPATH (relative to /sys) anew. */
int scsi_rescan_start(const struct view *view, const char *devpath);

/* Has the kernel drop the SCSI device of DISK, at DEVPATH (relative to /sys), without another
 * command to it: what it would write back is another disk's by now. Then has it scan for what is
 * there. */
int scsi_replace_start(const struct view *view, const struct disk *disk, const char *devpath);
