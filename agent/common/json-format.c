/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON values as text: RFC 8259. */
#include "json-format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Room for most of what is written, so that it is not moved. */
#define USUAL_ROOM 1024

/* Behind the text. */
#define SPARE 2

/* Of one byte of a text: "\u001f". */
#define ESCAPE_SIZE 6

/* A real number as jansson writes it, with 17 digits. */
#define REAL_SIZE 64

struct text {
	char *data;
	size_t length, room;
};

/* Where to write N bytes more, NULL if there is no memory for them. */
static char *make_room(struct text *text, size_t n)
{
	size_t room = text->room ?: USUAL_ROOM;
	char *data;

	if (text->data && text->room - text->length >= n + SPARE)
		return text->data + text->length;
	while (room - text->length < n + SPARE)
		room *= 2;
	data = realloc(text->data, room);
	if (!data)
		return NULL;
	text->data = data;
	text->room = room;
	return data + text->length;
}

static int put(struct text *text, const char *bytes, size_t n)
{
	char *end = make_room(text, n);

	if (!end)
		return -ENOMEM;
	memcpy(end, bytes, n);
	text->length += n;
	return 0;
}

static int put_byte(struct text *text, char byte)
{
	return put(text, &byte, 1);
}

/* The letter of a short escape, or NUL. */
static char find_letter(unsigned char byte)
{
	static const char letters[][2] = { { '"', '"' }, { '\\', '\\' }, { '\b', 'b' },
		{ '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' }, { '\t', 't' } };

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i][0] == byte)
			return letters[i][1];
	return '\0';
}

static char *escape(char *end, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	char letter = find_letter(byte);

	*end++ = '\\';
	if (letter) {
		*end++ = letter;
		return end;
	}
	end = stpcpy(end, "u00");
	*end++ = digits[byte >> 4];
	*end++ = digits[byte & 15];
	return end;
}

/* jansson has seen to it that it is UTF-8. */
static int put_string(struct text *text, const char *string, size_t n)
{
	char *end = make_room(text, n * ESCAPE_SIZE + 2);

	if (!end)
		return -ENOMEM;
	*end++ = '"';
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)string[i];

		if (byte < ' ' || byte == '"' || byte == '\\')
			end = escape(end, byte);
		else
			*end++ = string[i];
	}
	*end++ = '"';
	text->length = (size_t)(end - text->data);
	return 0;
}

static int put_integer(struct text *text, json_int_t value)
{
	char digits[U64_TEXT_SIZE + 1], *end = digits;
	uint64_t magnitude = (uint64_t)value;

	if (value < 0) {
		*end++ = '-';
		magnitude = -magnitude;
	}
	end = format_u64(end, magnitude);
	return put(text, digits, (size_t)(end - digits));
}

static int put_real(struct text *text, const json_t *value)
{
	char digits[REAL_SIZE];
	size_t n = json_dumpb(value, digits, sizeof(digits), JSON_ENCODE_ANY);

	return n == 0 || n > sizeof(digits) ? -EINVAL : put(text, digits, n);
}

static int put_value(struct text *text, const json_t *value);

static int put_array(struct text *text, const json_t *array)
{
	size_t n = json_array_size(array);
	int r = put_byte(text, '[');

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i > 0)
			r = put_byte(text, ',');
		if (r == 0)
			r = put_value(text, json_array_get(array, i));
	}
	return r < 0 ? r : put_byte(text, ']');
}

static int put_object(struct text *text, const json_t *object)
{
	void *member = json_object_iter((json_t *)object), *first = member;
	int r = put_byte(text, '{');

	for (; member && r == 0; member = json_object_iter_next((json_t *)object, member)) {
		const char *key = json_object_iter_key(member);

		if (member != first)
			r = put_byte(text, ',');
		if (r == 0)
			r = put_string(text, key, strlen(key));
		if (r == 0)
			r = put_byte(text, ':');
		if (r == 0)
			r = put_value(text, json_object_iter_value(member));
	}
	return r < 0 ? r : put_byte(text, '}');
}

static int put_value(struct text *text, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return put_object(text, value);
	case JSON_ARRAY:
		return put_array(text, value);
	case JSON_STRING:
		return put_string(text, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return put_integer(text, json_integer_value(value));
	case JSON_REAL:
		return put_real(text, value);
	case JSON_TRUE:
		return put(text, "true", 4);
	case JSON_FALSE:
		return put(text, "false", 5);
	case JSON_NULL:
		return put(text, "null", 4);
	}
	return -EINVAL;
}

int json_format(const json_t *value, char **ret, size_t *ret_length)
{
	struct text text = {};
	int r = value ? put_value(&text, value) : -EINVAL;

	if (r < 0) {
		free(text.data);
		return r;
	}
	*ret = text.data;
	*ret_length = text.length;
	return 0;
}
