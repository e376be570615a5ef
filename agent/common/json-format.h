/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON values as text. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Writes VALUE as json_dumps() does with JSON_COMPACT and JSON_ENCODE_ANY. That looks for cycles,
 * decodes each text and prints by printf(): a tenth of what it took the agent to answer for a disk,
 * once that was there. Of VALUE, no part is within itself. In *RET, which the caller frees, is room
 * for two bytes behind the text; there is no NUL. Returns -ENOMEM; -EINVAL for what is no JSON. */
int json_format(const json_t *value, char **ret, size_t *ret_length);
