/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares a disk's partition table with what the kernel knows of it. Runs in the probe's child. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "disk.h"

/* Whether libblkid sees other partitions on FD, SIZE bytes long, than the N that the kernel has. It
 * does, too, with tables that only one of them understands. */
bool probe_table_differs(int fd, uint64_t size, const struct partition *partitions, size_t n);
