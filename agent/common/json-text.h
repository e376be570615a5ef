/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as text, on one line. */
#pragma once

#include <jansson.h>

/* Writes VALUE into BUFFER of SIZE bytes, without a NUL, as json_dumpb() does with JSON_COMPACT and
 * JSON_ENCODE_ANY; and returns how long it is: if that is more than SIZE, it is not whole. VALUE
 * must not contain itself. Pure; allocates nothing. */
size_t json_format(const json_t *value, char *buffer, size_t size);
