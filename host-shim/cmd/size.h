/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIZE on a command line: bytes, or with K, M, G, T or P; +SIZE is on top of what there is. Pure.
 */
#pragma once

#include "util.h"

struct size {
	uint64_t bytes;
	bool more; /* on top */
};

/* Returns -EINVAL if TEXT is no size, -ERANGE if it is too large for a disk. */
int size_parse(const char *text, struct size *ret);
