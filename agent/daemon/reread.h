/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel read a disk's partition table once more, in a child. */
#pragma once

#include "child.h"
#include "disk.h"

/* Seconds that reading may take; it takes milliseconds. */
#define REREAD_S 5

/* Starts to have it read. The child opens DEV_DIR/NAME and checks devnum and diskseq. It waits as
 * long as somebody has a lock on the disk: nothing else tells when that is gone. Its status is 0 or
 * a positive errno, EBUSY if a partition is in use: then the kernel keeps what it has. */
int reread_start(const char *dev_dir, const struct disk *disk, struct child **ret);
