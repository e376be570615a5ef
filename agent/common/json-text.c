/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as text. jansson formats a key of a hash table for each object, to see that none contains
 * itself, and each number with printf(), and checks each text again: twice as much work, for which
 * a disk's host waits. */
#include "json-text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* "-1.7976931348623157e+308" and the like. */
#define REAL_SIZE 64

struct text {
	char *buffer;
	size_t size, length;
};

/* What does not fit only counts. */
static void put(struct text *text, const char *bytes, size_t n)
{
	if (n <= text->size && text->length <= text->size - n)
		memcpy(text->buffer + text->length, bytes, n);
	text->length += n;
}

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static void put_escaped(struct text *text, char c)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escape[sizeof("\\u0000")];

	for (const char *p = named; *p; p += 2)
		if (*p == c) {
			put(text, (const char[]){ '\\', p[1] }, 2);
			return;
		}
	snprintf(escape, sizeof(escape), "\\u%04X", (unsigned)(unsigned char)c);
	put(text, escape, strlen(escape));
}

static void put_string(struct text *text, const char *s, size_t length)
{
	put(text, "\"", 1);
	for (size_t i = 0; i < length;) {
		size_t plain = i;

		while (i < length && is_plain(s[i]))
			i++;
		put(text, s + plain, i - plain);
		if (i < length)
			put_escaped(text, s[i++]);
	}
	put(text, "\"", 1);
}

static void put_integer(struct text *text, json_int_t value)
{
	char digits[U64_TEXT_SIZE];
	uint64_t size = (uint64_t)value;

	if (value < 0) {
		put(text, "-", 1);
		size = -size;
	}
	put(text, digits, (size_t)(format_u64(digits, size) - digits));
}

static void put_real(struct text *text, const json_t *value)
{
	char real[REAL_SIZE];

	put(text, real, json_dumpb(value, real, sizeof(real), JSON_ENCODE_ANY));
}

static void put_value(struct text *text, const json_t *value);

static void put_array(struct text *text, const json_t *array)
{
	put(text, "[", 1);
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			put(text, ",", 1);
		put_value(text, json_array_get(array, i));
	}
	put(text, "]", 1);
}

static void put_object(struct text *text, const json_t *object)
{
	const char *separator = "{", *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		put(text, separator, 1);
		put_string(text, key, strlen(key));
		put(text, ":", 1);
		put_value(text, value);
		separator = ",";
	}
	if (*separator == '{')
		put(text, "{", 1);
	put(text, "}", 1);
}

static void put_value(struct text *text, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(text, value);
		break;
	case JSON_ARRAY:
		put_array(text, value);
		break;
	case JSON_STRING:
		put_string(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		put_integer(text, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(text, value);
		break;
	case JSON_TRUE:
		put(text, "true", 4);
		break;
	case JSON_FALSE:
		put(text, "false", 5);
		break;
	case JSON_NULL:
		put(text, "null", 4);
		break;
	}
}

size_t json_format(const json_t *value, char *buffer, size_t size)
{
	struct text text = { buffer, size, 0 };

	put_value(&text, value);
	return text.length;
}
