/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of a request's arguments, strictly typed. Pure. */
#pragma once

#include <jansson.h>

#include "failure.h"

/* Each returns 1 and the value, 0 if the member is not there, or a negative errno with *FAILURE
 * filled if it is of another type or out of range. */
int argument_number(const json_t *arguments, const char *key, uint64_t max, uint64_t *ret,
	struct failure *failure);
int argument_boolean(const json_t *arguments, const char *key, bool *ret, struct failure *failure);

/* *ret points into ARGUMENTS. MAX is in bytes. */
int argument_string(const json_t *arguments, const char *key, size_t max, const char **ret,
	struct failure *failure);

/* The same for a number that has to be there. */
int argument_required_number(const json_t *arguments, const char *key, uint64_t max, uint64_t *ret,
	struct failure *failure);

/* Whether VALUE can be the id of a request. */
bool argument_is_id(const json_t *value);
