/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An iSCSI LUN as an image: iscsi://HOST[:PORT]/IQN/LUN. Pure. */
#include "image-iscsi.h"

#include <string.h>

#define SCHEME "iscsi://"
#define PORT_DEFAULT "3260" /* RFC 7143 */

/* Single-level LUNs, SAM-5. */
#define LUN_MAX 16383

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool iscsi_uri_is(const char *text)
{
	return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

/* HOST[:PORT] of LENGTH characters. */
static int parse_host(const char *text, size_t length, struct iscsi_uri *uri)
{
	struct uri_host host;
	int r = uri_host_parse(text, length, &host);

	if (r == 0) {
		strcpy(uri->host, host.name);
		strcpy(uri->port, *host.port ? host.port : PORT_DEFAULT);
	}
	return r;
}

/* IQN/LUN, the rest of the URI. */
static int parse_name(const char *text, struct iscsi_uri *uri)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *decoded = NULL;
	char iqn[ISCSI_NAME_MAX + 1];
	uint64_t lun;
	int r;

	if (!slash || parse_u64(slash + 1, LUN_MAX, &lun) < 0)
		return -EINVAL;
	r = uri_decode(text, (size_t)(slash - text), &decoded);
	if (r == 0)
		r = uri_copy(decoded, strlen(decoded), LETTERS DIGITS ".:-_", iqn, sizeof(iqn));
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
	_cleanup_free_ char *server = NULL;
	char *text;
	int r = uri_host_format(host, port ?: PORT_DEFAULT, &server);

	if (r < 0)
		return r;
	if (asprintf(&text, SCHEME "%s/%s", server, name) < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}
