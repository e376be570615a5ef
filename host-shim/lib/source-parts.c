/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of NBD, RBD and NVMe sources. Pure. */
#include "source-parts.h"

#include <string.h>

/* What begins something else in a URI: in a part of one it is encoded. */
#define DELIMITERS "?#"

/* Of PCI addresses; NVMe counts namespaces with 32 bits, and all ones stand for each. */
#define PCI_DOMAIN_MAX 0xffff
#define PCI_BUS_MAX 0xff
#define PCI_SLOT_MAX 0x1f
#define PCI_FUNCTION_MAX 7
#define NVME_NAMESPACE_MAX 0xfffffffe

int source_add_host(struct source *source, const struct uri_host *host)
{
	struct uri_host *hosts;

	if (source->n_hosts == SOURCE_HOSTS_MAX)
		return -EINVAL;
	hosts = reallocarray(source->hosts, source->n_hosts + 1, sizeof(*hosts));
	if (!hosts)
		return -ENOMEM;
	source->hosts = hosts;
	hosts[source->n_hosts++] = *host;
	return 0;
}

static int parse_host(
	const char *text, size_t length, const char *default_port, struct source *source)
{
	struct uri_host host;
	int r = uri_host_parse(text, length, &host);

	if (r == 0 && !*host.port && default_port)
		strcpy(host.port, default_port);
	return r < 0 ? r : source_add_host(source, &host);
}

/* A part that may be empty, which is NULL then. */
static int decode(const char *text, size_t length, char **ret)
{
	if (strcspn(text, DELIMITERS) < length)
		return -EINVAL;
	return length > 0 ? uri_decode(text, length, ret) : 0;
}

/* ---- NBD ---- */

int source_parse_nbd(const char *text, struct source *source)
{
	size_t length = strcspn(text, "/?#");
	int r;

	if (memchr(text, '@', length))
		return -EACCES;
	r = parse_host(text, length, NBD_PORT, source);
	text += length;
	if (*text == '/')
		text++;
	return r < 0 ? r : decode(text, strlen(text), &source->name);
}

int source_parse_nbd_unix(const char *text, struct source *source)
{
	static const char query[] = "?socket=";
	const char *found = strstr(text, query);
	int r;

	if (memchr(text, '@', strcspn(text, "/")))
		return -EACCES;
	/* nbdkit leaves the slash out before the query. */
	if (!found || (*text != '/' && text != found))
		return -EINVAL;
	text += text < found;
	r = decode(text, (size_t)(found - text), &source->name);
	if (r < 0)
		return r;
	found += strlen(query);
	if (strpbrk(found, "?#&"))
		return -EINVAL;
	r = uri_decode(found, strlen(found), &source->socket);
	return r == 0 && source->socket[0] != '/' ? -EINVAL : r;
}

int source_format_nbd(const struct source *source, char **ret)
{
	_cleanup_free_ char *name = NULL, *place = NULL;
	const char *scheme = source->tls ? "nbds" : "nbd";
	int r = uri_encode(source->name ?: "", &name);

	if (r == 0)
		r = source->socket
			    ? uri_encode(source->socket, &place)
			    : uri_host_format(source->hosts[0].name, source->hosts[0].port, &place);
	if (r < 0)
		return r;
	r = source->socket ? asprintf(ret, "%s+unix:///%s?socket=%s", scheme, name, place)
			   : asprintf(ret, "%s://%s%s%s", scheme, place, *name ? "/" : "", name);
	return r < 0 ? -ENOMEM : 0;
}

/* ---- RBD ---- */

static int parse_monitors(const char *text, size_t length, struct source *source)
{
	const char *end = text + length;
	int r = 0;

	if (memchr(text, '@', length))
		return -EACCES;
	while (r == 0) {
		const char *comma = memchr(text, ',', (size_t)(end - text)) ?: end;

		r = parse_host(text, (size_t)(comma - text), NULL, source);
		if (comma == end)
			break;
		text = comma + 1;
	}
	return r;
}

/* POOL/IMAGE[@SNAPSHOT]. QEMU's options after a colon are libvirt's to give, and would be read by
 * everybody. */
int source_parse_rbd(const char *text, struct source *source)
{
	const char *slash, *at;
	int r = 0;

	if (strncmp(text, "//", 2) == 0) {
		size_t length = strcspn(text += 2, "/");

		r = parse_monitors(text, length, source);
		text += length + (text[length] == '/');
	}
	if (r < 0)
		return r;
	if (strstr(text, ":id=") || strstr(text, ":key"))
		return -EACCES;
	slash = strchr(text, '/');
	at = strchrnul(text, '@');
	if (!slash || slash == text || slash + 1 >= at ||
		memchr(slash + 1, '/', (size_t)(at - slash - 1)) || strpbrk(text, ":?#") ||
		(*at && (!at[1] || strchr(at + 1, '@'))))
		return -EINVAL;
	r = uri_decode(text, (size_t)(at - text), &source->name);
	if (r == 0 && *at)
		r = uri_decode(at + 1, strlen(at + 1), &source->snapshot);
	/* libvirt parts the two at the first slash. */
	if (r == 0 && strchr(strchr(source->name, '/') + 1, '/'))
		r = -EINVAL;
	return r;
}

/* "MON,MON:PORT": the caller frees *ret. */
static int format_monitors(const struct source *source, char **ret)
{
	char *text = NULL;

	for (size_t i = 0; i < source->n_hosts; i++) {
		_cleanup_free_ char *host = NULL, *before = text;
		int r = uri_host_format(source->hosts[i].name, source->hosts[i].port, &host);

		text = NULL;
		if (r < 0 || asprintf(&text, "%s%s%s", before ?: "", before ? "," : "", host) < 0)
			return -ENOMEM;
	}
	*ret = text;
	return 0;
}

/* A colon in a name is none before a port or an option. */
static int encode_name(const char *text, char **ret)
{
	_cleanup_free_ char *encoded = NULL;
	char *out;
	int r = uri_encode(text, &encoded);

	if (r < 0)
		return r;
	*ret = out = malloc(3 * strlen(encoded) + 1);
	if (!out)
		return -ENOMEM;
	for (const char *p = encoded; *p; p++)
		out = *p == ':' ? stpcpy(out, "%3A") : (*out = *p, out + 1);
	*out = '\0';
	return 0;
}

int source_format_rbd(const struct source *source, char **ret)
{
	_cleanup_free_ char *name = NULL, *snapshot = NULL, *monitors = NULL;
	int r = encode_name(source->name, &name);

	if (r == 0 && source->snapshot)
		r = encode_name(source->snapshot, &snapshot);
	if (r == 0)
		r = format_monitors(source, &monitors);
	if (r < 0)
		return r;
	return asprintf(ret, "rbd:%s%s%s%s%s%s", monitors ? "//" : "", monitors ?: "",
		       monitors ? "/" : "", name, snapshot ? "@" : "", snapshot ?: "") < 0
		       ? -ENOMEM
		       : 0;
}

/* ---- NVMe ---- */

/* A hexadecimal number of at most MAX that ends with END; *TEXT goes behind that. */
static int take_hex(const char **text, unsigned max, char end, unsigned *ret)
{
	size_t length = strspn(*text, "0123456789abcdefABCDEF");
	unsigned long value;

	if (length == 0 || length > 4 || (*text)[length] != end)
		return -EINVAL;
	value = strtoul(*text, NULL, 16);
	if (value > max)
		return -EINVAL;
	*text += length + 1;
	*ret = (unsigned)value;
	return 0;
}

int source_parse_nvme(const char *text, struct source *source)
{
	uint64_t space;

	if (take_hex(&text, PCI_DOMAIN_MAX, ':', &source->domain) < 0 ||
		take_hex(&text, PCI_BUS_MAX, ':', &source->bus) < 0 ||
		take_hex(&text, PCI_SLOT_MAX, '.', &source->slot) < 0 ||
		take_hex(&text, PCI_FUNCTION_MAX, '/', &source->function) < 0 ||
		parse_u64(text, NVME_NAMESPACE_MAX, &space) < 0 || space == 0)
		return -EINVAL;
	source->space = (unsigned)space;
	return 0;
}

int source_format_nvme(const struct source *source, char **ret)
{
	return asprintf(ret, "nvme://%04x:%02x:%02x.%x/%u", source->domain, source->bus,
		       source->slot, source->function, source->space) < 0
		       ? -ENOMEM
		       : 0;
}
