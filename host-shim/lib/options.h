/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of calls: structs that grow at their end; each says how long its caller's is. */
#pragma once

#include <string.h>

#include "util.h"

/* Times where the caller gives none, ms. */
#define TIMEOUT_DEFAULT_MS 30000
#define TIMEOUT_LAUNCH_MS 60000

/* Copies what the caller's version of the struct has; the rest stays 0. */
static inline void options_copy(void *ret, size_t size, const void *options)
{
	size_t theirs = *(const size_t *)options;

	memset(ret, 0, size);
	memcpy(ret, options, theirs < size ? theirs : size);
}

static inline uint64_t deadline_after(unsigned timeout_ms, unsigned default_ms)
{
	return now_ms() + (timeout_ms ?: default_ms);
}
