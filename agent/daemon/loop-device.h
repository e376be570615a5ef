/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a loop device stands on. */
#pragma once

#include <sys/types.h>

/* Asks the loop device NAME of this number for the number of the block device that it stands on; 0
 * if that is a file. Its node is in DEV_DIR, a directory like /dev; where it is missing or another
 * one, one is made there for a moment. Asks the file's server, too. */
int loop_device_below(const char *dev_dir, const char *name, dev_t devnum, dev_t *ret);
