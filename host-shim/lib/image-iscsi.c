/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An iSCSI LUN as an image: iscsi://HOST[:PORT]/IQN/LUN. Pure. */
#include "image-iscsi.h"

#include <string.h>

#define SCHEME "iscsi://"
#define PORT_DEFAULT "3260" /* RFC 7143 */
#define PORT_MAX 65535

/* Single-level LUNs, SAM-5. */
#define LUN_MAX 16383

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool iscsi_uri_is(const char *text)
{
	return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

static int copy_part(const char *text, size_t length, const char *valid, char *ret, size_t size)
{
	if (length == 0 || length >= size || strspn(text, valid) < length)
		return -EINVAL;
	memcpy(ret, text, length);
	ret[length] = '\0';
	return 0;
}

/* HOST[:PORT] of LENGTH characters. */
static int parse_host(const char *text, size_t length, struct iscsi_uri *uri)
{
	const char *valid = LETTERS DIGITS ".-", *end = text + length, *colon;
	uint64_t port;
	int r;

	if (*text == '[') {
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
	r = copy_part(text, length, valid, uri->host, sizeof(uri->host));
	strcpy(uri->port, PORT_DEFAULT);
	if (r == 0 && colon < end) {
		r = copy_part(
			colon + 1, (size_t)(end - colon - 1), DIGITS, uri->port, sizeof(uri->port));
		if (r == 0 && (parse_u64(uri->port, PORT_MAX, &port) < 0 || port == 0))
			r = -EINVAL;
		/* Without leading zeros, as libvirt has it. */
		if (r == 0)
			snprintf(uri->port, sizeof(uri->port), "%u", (unsigned)port);
	}
	return r;
}

/* IQN/LUN, the rest of the URI. */
static int parse_name(const char *text, struct iscsi_uri *uri)
{
	const char *slash = strchr(text, '/');
	char iqn[ISCSI_NAME_MAX + 1];
	uint64_t lun;
	int r;

	if (!slash || parse_u64(slash + 1, LUN_MAX, &lun) < 0)
		return -EINVAL;
	r = copy_part(text, (size_t)(slash - text), LETTERS DIGITS ".:-_", iqn, sizeof(iqn));
	if (r == 0)
		snprintf(uri->name, sizeof(uri->name), "%s/%u", iqn, (unsigned)lun);
	return r;
}

int iscsi_uri_parse(const char *text, struct iscsi_uri *ret)
{
	struct iscsi_uri uri = {};
	const char *slash;
	int r;

	if (!iscsi_uri_is(text))
		return -EINVAL;
	text += strlen(SCHEME);
	slash = strchr(text, '/');
	if (strchr(text, '@'))
		return -EACCES;
	if (!slash)
		return -EINVAL;
	r = parse_host(text, (size_t)(slash - text), &uri);
	if (r == 0)
		r = parse_name(slash + 1, &uri);
	if (r == 0)
		*ret = uri;
	return r;
}

int iscsi_uri_format(const char *host, const char *port, const char *name, char **ret)
{
	bool v6 = strchr(host, ':');
	char *text;

	if (asprintf(&text, SCHEME "%s%s%s:%s/%s", v6 ? "[" : "", host, v6 ? "]" : "",
		    port ?: PORT_DEFAULT, name) < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}
