/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes from a disk as text: a serial as a link name, a label as JSON. Reversible. */
#include "encode.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
	       (c != '\0' && strchr("_.+-", c));
}

static char *put_hex(char *out, char byte)
{
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	*out++ = 'x';
	*out++ = digits[(unsigned char)byte >> 4];
	*out++ = digits[(unsigned char)byte & 15];
	return out;
}

/* The offset of the hyphen in a trailing "-partN", or LEN: such a disk would be named like a
 * partition of another one. */
static size_t find_part_suffix(const char *s, size_t len)
{
	static const char part[] = "-part";
	size_t end = len;

	while (end > 0 && is_digit(s[end - 1]))
		end--;
	if (end == len || end < strlen(part) || memcmp(s + end - strlen(part), part, strlen(part)))
		return len;
	return end - strlen(part);
}

void serial_encode(const char *serial, size_t len, char *ret)
{
	size_t hyphen = find_part_suffix(serial, len);

	for (size_t i = 0; i < len; i++) {
		bool safe = is_safe(serial[i]) && i != hyphen && !(i == 0 && serial[i] == '.');

		if (safe)
			*ret++ = serial[i];
		else
			ret = put_hex(ret, serial[i]);
	}
	*ret = '\0';
}

int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int decode_bytes(const char *name, char *ret)
{
	int n = 0;

	while (*name) {
		int high, low;

		if (*name != '\\') {
			ret[n++] = *name++;
			continue;
		}
		if (name[1] != 'x' || (high = hex_value(name[2])) < 0 ||
			(low = hex_value(name[3])) < 0)
			return -EINVAL;
		ret[n++] = (char)(high << 4 | low);
		name += 4;
	}
	return n;
}

int serial_decode(const char *name, char *ret)
{
	size_t size = strlen(name);
	char *again;
	int n, r;

	n = decode_bytes(name, ret);
	if (n < 0)
		return n;
	/* Only the one spelling that serial_encode() gives is a name. */
	again = malloc(4 * size + 1);
	if (!again)
		return -ENOMEM;
	serial_encode(ret, (size_t)n, again);
	r = strcmp(again, name) ? -EINVAL : n;
	free(again);
	return r;
}

bool serial_is_valid(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > SERIAL_OWN_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_safe(s[i]))
			return false;
	return true;
}

/* C1 controls move a terminal's cursor as well as C0 ones do; format characters, which nobody sees,
 * turn the direction of a line or end it. */
static bool is_printable(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} unprintable[] = {
		{ 0x80, 0x9f },	      /* C1 controls */
		{ 0xad, 0xad },	      /* soft hyphen */
		{ 0x600, 0x605 },     /* Arabic number signs */
		{ 0x61c, 0x61c },     /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200f },   /* zero width, directional marks */
		{ 0x2028, 0x202e },   /* line and paragraph separators, embeddings, overrides */
		{ 0x2060, 0x206f },   /* word joiner, isolates, deprecated format characters */
		{ 0xfeff, 0xfeff },   /* zero width no-break space */
		{ 0xfff9, 0xfffb },   /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (code >= unprintable[i].first && code <= unprintable[i].last)
			return false;
	return true;
}

/* The length of the UTF-8 sequence at S, 0 if it is none (no overlong forms, no surrogates,
 * nothing above U+10FFFF; RFC 3629) or not printable. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
	uint32_t code, min;
	size_t n;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2, code = s[0] & 0x1f, min = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		n = 3, code = s[0] & 0x0f, min = 0x800;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4, code = s[0] & 0x07, min = 0x10000;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return is_printable(code) ? n : 0;
}

void text_encode(const char *data, size_t len, char *ret)
{
	for (size_t i = 0; i < len;) {
		const unsigned char *byte = (const unsigned char *)data + i;
		size_t n;

		if (*byte >= 0x20 && *byte < 0x7f && *byte != '\\') {
			*ret++ = data[i++];
			continue;
		}
		n = utf8_sequence(byte, len - i);
		if (n == 0) {
			ret = put_hex(ret, data[i++]);
			continue;
		}
		memcpy(ret, byte, n);
		ret += n;
		i += n;
	}
	*ret = '\0';
}

bool text_is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char byte = (unsigned char)s[i];
		size_t n = byte >= 0x20 && byte < 0x7f
				   ? 1
				   : utf8_sequence((const unsigned char *)s + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
