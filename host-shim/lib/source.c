/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk's image is, as one text: taken apart, and put together. Pure. */
#include "source.h"

#include <string.h>

#include "image-iscsi.h"
#include "source-parts.h"
#include "xml.h"

/* The longest prefix that fits is the scheme. */
static const struct {
	const char *prefix;
	enum source_kind kind;
	bool unix_socket, tls;
} schemes[] = {
	{ "iscsi://", SOURCE_ISCSI, false, false },
	{ "nbd://", SOURCE_NBD, false, false },
	{ "nbds://", SOURCE_NBD, false, true },
	{ "nbd+unix://", SOURCE_NBD, true, false },
	{ "nbds+unix://", SOURCE_NBD, true, true },
	{ "rbd:", SOURCE_RBD, false, false },
	{ "nvme://", SOURCE_NVME, false, false },
	{ "volume:", SOURCE_VOLUME, false, false },
};

static int find_scheme(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			return (int)i;
	return -1;
}

enum source_kind source_kind(const char *text)
{
	int scheme = find_scheme(text);

	return scheme < 0 ? SOURCE_PATH : schemes[scheme].kind;
}

const char *source_syntax(enum source_kind kind)
{
	static const char *const syntax[] = {
		[SOURCE_ISCSI] = "iscsi://HOST[:PORT]/IQN/LUN",
		[SOURCE_NBD] = "nbd://HOST[:PORT][/EXPORT] or nbd+unix:///[EXPORT]?socket=PATH",
		[SOURCE_RBD] = "rbd:POOL/IMAGE[@SNAPSHOT] or "
			       "rbd://MONITOR[:PORT][,MONITOR...]/POOL/IMAGE[@SNAPSHOT]",
		[SOURCE_NVME] = "nvme://DOMAIN:BUS:SLOT.FUNCTION/NAMESPACE",
		[SOURCE_VOLUME] = "volume:POOL/VOLUME",
	};

	return syntax[kind];
}

static int parse_iscsi(const char *text, struct source *source)
{
	struct iscsi_uri iscsi;
	struct uri_host host;
	int r = iscsi_uri_parse(text, &iscsi);

	if (r < 0)
		return r;
	strcpy(host.name, iscsi.host);
	strcpy(host.port, iscsi.port);
	source->name = strdup(iscsi.name);
	return source->name ? source_add_host(source, &host) : -ENOMEM;
}

/* POOL/VOLUME, as libvirt has their names. */
static int parse_volume(const char *text, struct source *source)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1] || !xml_is_text(text))
		return -EINVAL;
	source->pool = strndup(text, (size_t)(slash - text));
	source->name = strdup(slash + 1);
	return source->pool && source->name ? 0 : -ENOMEM;
}

static int parse_path(const char *text, struct source *source)
{
	source->name = strdup(text);
	return source->name ? 0 : -ENOMEM;
}

static int parse_kind(const char *text, int scheme, struct source *source)
{
	const char *rest = scheme < 0 ? text : text + strlen(schemes[scheme].prefix);

	switch (source->kind) {
	case SOURCE_ISCSI:
		return parse_iscsi(text, source);
	case SOURCE_NBD:
		source->tls = schemes[scheme].tls;
		return schemes[scheme].unix_socket ? source_parse_nbd_unix(rest, source)
						   : source_parse_nbd(rest, source);
	case SOURCE_RBD:
		return source_parse_rbd(rest, source);
	case SOURCE_NVME:
		return source_parse_nvme(rest, source);
	case SOURCE_VOLUME:
		return parse_volume(rest, source);
	default:
		return parse_path(text, source);
	}
}

int source_parse(const char *text, struct source *ret)
{
	int scheme = find_scheme(text);
	_cleanup_source_ struct source source = {
		.kind = scheme < 0 ? SOURCE_PATH : schemes[scheme].kind,
	};
	int r = parse_kind(text, scheme, &source);

	if (r < 0)
		return r;
	*ret = source;
	source = (struct source){};
	return 0;
}

static int format_volume(const struct source *source, char **ret)
{
	return asprintf(ret, "volume:%s/%s", source->pool, source->name) < 0 ? -ENOMEM : 0;
}

int source_format(const struct source *source, char **ret)
{
	char *text = NULL;
	int r;

	switch (source->kind) {
	case SOURCE_ISCSI:
		r = iscsi_uri_format(
			source->hosts[0].name, source->hosts[0].port, source->name, &text);
		break;
	case SOURCE_NBD:
		r = source_format_nbd(source, &text);
		break;
	case SOURCE_RBD:
		r = source_format_rbd(source, &text);
		break;
	case SOURCE_NVME:
		r = source_format_nvme(source, &text);
		break;
	case SOURCE_VOLUME:
		r = format_volume(source, &text);
		break;
	default:
		text = strdup(source->name);
		r = text ? 0 : -ENOMEM;
	}
	if (r == 0)
		*ret = text;
	return r;
}

void source_done(struct source *source)
{
	free(source->hosts);
	free(source->socket);
	free(source->name);
	free(source->snapshot);
	free(source->pool);
	*source = (struct source){};
}
