/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libblkid sees in a part of a disk. Runs in the probe's child. */
#pragma once

#include <stdint.h>

#include "probe-answer.h"

/* Looks at SIZE bytes at OFFSET of FD; *ret starts as zeros. Returns -ENOTUNIQ if there are signs
 * of several things at once (then nobody should take it for empty, nor for any of them), -EIO if it
 * cannot be read. */
int probe_read(int fd, uint64_t offset, uint64_t size, struct probe_answer *ret);
