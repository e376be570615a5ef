/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strictly typed members of a JSON object from a guest: -EBADMSG for anything else. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* A member that must be there. *ret of a text belongs to the object; a text is at most MAX bytes
 * long and has no control characters, which a terminal would obey. */
int json_get_u64(const json_t *object, const char *key, uint64_t max, uint64_t *ret);
int json_get_bool(const json_t *object, const char *key, bool *ret);
int json_get_text(const json_t *object, const char *key, size_t max, const char **ret);

/* A member that may be missing or null; then *ret is NULL. */
int json_find_text(const json_t *object, const char *key, size_t max, const char **ret);

/* The same as json_get_text() for a value. */
int json_read_text(const json_t *value, size_t max, const char **ret);
