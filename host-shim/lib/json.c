/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strictly typed members of a JSON object from a guest: -EBADMSG for anything else. */
#include "json.h"

#include <string.h>

#include "encode.h"

int json_get_u64(const json_t *object, const char *key, uint64_t max, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) > max)
		return -EBADMSG;
	*ret = json_integer_value(value);
	return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return -EBADMSG;
	*ret = json_is_true(value);
	return 0;
}

int json_read_text(const json_t *value, size_t max, const char **ret)
{
	const char *text = json_string_value(value);

	if (!text || json_string_length(value) > max ||
		!text_is_printable(text, json_string_length(value)))
		return -EBADMSG;
	*ret = text;
	return 0;
}

int json_get_text(const json_t *object, const char *key, size_t max, const char **ret)
{
	return json_read_text(json_object_get(object, key), max, ret);
}

int json_find_text(const json_t *object, const char *key, size_t max, const char **ret)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_null(value))
		return json_read_text(value, max, ret);
	*ret = NULL;
	return 0;
}
