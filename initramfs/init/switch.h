/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moves PID 1 over to the root disk. */
#pragma once

#include "root.h"

/* Mounts ROOT and makes it the root of PID 1. The initramfs stays: *ret_old_root (O_PATH) leads to
 * it, with /dev, /proc, /sys and /run in both. Logs what fails. */
int switch_root(const struct options *options, const struct root *root, int *ret_old_root);
