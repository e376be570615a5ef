/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the kernel read a disk's partition table once more, in a child. */
#pragma once

#include "child.h"
#include "disk.h"

/* Seconds that this may take. Reading a table takes milliseconds; a lock that a worker of udevd has
 * on the disk is gone after some hundreds. */
#define REREAD_S 5

/* Starts to have it read. The child opens DEV_DIR/NAME and checks devnum and diskseq; it ends by
 * itself in time. If a partition is in use, the kernel keeps what it has. */
int reread_start(const char *dev_dir, const struct disk *disk, struct child **ret);
