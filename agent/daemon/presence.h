/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel still has a disk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns 1 if sysfs has this very disk, by device number and disk sequence number, 0 if it has
 * not, or the negative errno of an error of reading, which says neither. */
int presence_check(int sysfd, dev_t devnum, uint64_t diskseq);

/* Whether R, which came of reading sysfs, says nothing of what was to be read: not that it is not
 * there, or malformed, but that there are no descriptors left, or no memory. */
bool presence_is_unknown(int r);
