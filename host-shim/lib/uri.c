/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a URI, RFC 3986: hosts with their ports, percent-encoded text. Pure. */
#include "uri.h"

#include <string.h>

#include "encode.h"
#include "xml.h"

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* RFC 3986: what is unreserved, and of the rest what means nothing in a path. */
#define PLAIN LETTERS DIGITS "-._~/:+"

int uri_copy(const char *text, size_t length, const char *valid, char *ret, size_t size)
{
	if (length == 0 || length >= size || strspn(text, valid) < length)
		return -EINVAL;
	memcpy(ret, text, length);
	ret[length] = '\0';
	return 0;
}

static int parse_port(const char *text, size_t length, char *ret, size_t size)
{
	uint64_t port;
	int r = uri_copy(text, length, DIGITS, ret, size);

	if (r == 0 && (parse_u64(ret, URI_PORT_MAX, &port) < 0 || port == 0))
		r = -EINVAL;
	/* Without leading zeros, as libvirt has it. */
	if (r == 0)
		snprintf(ret, size, "%u", (unsigned)port);
	return r;
}

int uri_host_parse(const char *text, size_t length, struct uri_host *ret)
{
	/* The underscore is of no host's name, and of many a container's. */
	const char *valid = LETTERS DIGITS ".-_", *end = text + length, *colon;
	struct uri_host host = {};
	int r;

	if (length > 0 && *text == '[') {
		const char *close = memchr(text++, ']', length);

		if (!close)
			return -EINVAL;
		valid = DIGITS "abcdefABCDEF:.";
		colon = close + 1;
		length = (size_t)(close - text);
		if (colon < end && *colon != ':')
			return -EINVAL;
	} else {
		colon = memchr(text, ':', length) ?: end;
		length = (size_t)(colon - text);
	}
	r = uri_copy(text, length, valid, host.name, sizeof(host.name));
	if (r == 0 && colon < end)
		r = parse_port(colon + 1, (size_t)(end - colon - 1), host.port, sizeof(host.port));
	if (r == 0)
		*ret = host;
	return r;
}

int uri_host_format(const char *name, const char *port, char **ret)
{
	bool v6 = strchr(name, ':'), with_port = port && *port;
	char *text;

	if (asprintf(&text, "%s%s%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "", with_port ? ":" : "",
		    with_port ? port : "") < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}

int uri_decode(const char *text, size_t length, char **ret)
{
	_cleanup_free_ char *decoded = malloc(length + 1);
	size_t size = 0;

	if (!decoded)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		int high, low;

		decoded[size] = text[i];
		if (text[i] == '%') {
			high = i + 2 < length ? hex_value(text[i + 1]) : -1;
			low = high >= 0 ? hex_value(text[i + 2]) : -1;
			if (low < 0)
				return -EINVAL;
			decoded[size] = (char)(high * 16 + low);
			i += 2;
		}
		/* Of %00, where the text would end. */
		if (!decoded[size++])
			return -EINVAL;
	}
	decoded[size] = '\0';
	if (!xml_is_text(decoded))
		return -EINVAL;
	*ret = steal_pointer(decoded);
	return 0;
}

int uri_encode(const char *text, char **ret)
{
	static const char digits[] = "0123456789ABCDEF";
	char *encoded = malloc(3 * strlen(text) + 1), *out = encoded;

	if (!encoded)
		return -ENOMEM;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(PLAIN, c)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
	*ret = encoded;
	return 0;
}
