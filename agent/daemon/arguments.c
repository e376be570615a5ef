/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of a request's arguments, strictly typed. Pure. */
#include "arguments.h"

#include <string.h>

int argument_number(const json_t *arguments, const char *key, uint64_t max, uint64_t *ret,
	struct failure *failure)
{
	const json_t *value = json_object_get(arguments, key);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) > max)
		return fail_request(failure, HOTSLOT_CLASS_INVALID,
			"%s is not an integer from 0 to %llu", key, (unsigned long long)max);
	*ret = (uint64_t)json_integer_value(value);
	return 1;
}

int argument_required_number(const json_t *arguments, const char *key, uint64_t max, uint64_t *ret,
	struct failure *failure)
{
	int r = argument_number(arguments, key, max, ret, failure);

	return r == 0 ? fail_request(failure, HOTSLOT_CLASS_INVALID, "%s is missing", key) : r;
}

int argument_boolean(const json_t *arguments, const char *key, bool *ret, struct failure *failure)
{
	const json_t *value = json_object_get(arguments, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return fail_request(failure, HOTSLOT_CLASS_INVALID, "%s is not true or false", key);
	*ret = json_boolean_value(value);
	return 1;
}

int argument_string(const json_t *arguments, const char *key, size_t max, const char **ret,
	struct failure *failure)
{
	const json_t *value = json_object_get(arguments, key);

	if (!value)
		return 0;
	if (!json_is_string(value) || json_string_length(value) > max)
		return fail_request(failure, HOTSLOT_CLASS_INVALID,
			"%s is not a string of at most %zu bytes", key, max);
	*ret = json_string_value(value);
	return 1;
}

bool argument_is_id(const json_t *value)
{
	return json_is_integer(value) ||
	       (json_is_string(value) && json_string_length(value) <= HOTSLOT_ID_MAX);
}
