/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk's image is, in libvirt's XML. Pure. */
#include "source-xml.h"

#include <string.h>

#include "image-iscsi.h"
#include "source-parts.h"

/* ---- writing ---- */

const char *source_disk_type(enum source_kind kind, bool block)
{
	switch (kind) {
	case SOURCE_PATH:
		return block ? "block" : "file";
	case SOURCE_NVME:
		return "nvme";
	case SOURCE_VOLUME:
		return "volume";
	default:
		return "network";
	}
}

static void write_hosts(struct xml_writer *w, const struct source *source)
{
	for (size_t i = 0; i < source->n_hosts; i++) {
		xml_open(w, "host");
		xml_put(w, "name", source->hosts[i].name);
		if (*source->hosts[i].port)
			xml_put(w, "port", source->hosts[i].port);
		xml_close(w);
	}
	if (source->socket) {
		xml_open(w, "host");
		xml_put(w, "transport", "unix");
		xml_put(w, "socket", source->socket);
		xml_close(w);
	}
}

static void write_network(struct xml_writer *w, const struct source *source)
{
	static const char *const protocols[] = {
		[SOURCE_ISCSI] = "iscsi",
		[SOURCE_NBD] = "nbd",
		[SOURCE_RBD] = "rbd",
	};

	xml_put(w, "protocol", protocols[source->kind]);
	if (source->name)
		xml_put(w, "name", source->name);
	if (source->tls)
		xml_put(w, "tls", "yes");
	write_hosts(w, source);
	if (source->snapshot) {
		xml_open(w, "snapshot");
		xml_put(w, "name", source->snapshot);
		xml_close(w);
	}
}

/* The host's driver lets go of the device for as long as QEMU has it. */
static void write_nvme(struct xml_writer *w, const struct source *source)
{
	xml_put(w, "type", "pci");
	xml_put(w, "managed", "yes");
	xml_putf(w, "namespace", "%u", source->space);
	xml_open(w, "address");
	xml_putf(w, "domain", "0x%04x", source->domain);
	xml_putf(w, "bus", "0x%02x", source->bus);
	xml_putf(w, "slot", "0x%02x", source->slot);
	xml_putf(w, "function", "0x%x", source->function);
	xml_close(w);
}

void source_write(struct xml_writer *w, const struct source *source, bool block)
{
	xml_open(w, "source");
	switch (source->kind) {
	case SOURCE_PATH:
		xml_put(w, block ? "dev" : "file", source->name);
		break;
	case SOURCE_NVME:
		write_nvme(w, source);
		break;
	case SOURCE_VOLUME:
		xml_put(w, "pool", source->pool);
		xml_put(w, "volume", source->name);
		break;
	default:
		write_network(w, source);
	}
}

/* ---- reading ---- */

/* A port as libvirt writes it, whatever zeros it was given with. NULL if there is none. */
static char *read_port(xmlNode *host)
{
	char *port = xml_attribute(host, "port");
	size_t zeros = port ? strspn(port, "0") : 0;

	if (zeros > 0 && port[zeros])
		memmove(port, port + zeros, strlen(port + zeros) + 1);
	return port;
}

/* The URI that it is attached by. A target without a LUN has LUN 0, which libvirt adds. */
static char *describe_iscsi(xmlNode *source)
{
	xmlNode *host = xml_child(source, "host");
	_cleanup_free_ char *name = xml_attribute(source, "name");
	_cleanup_free_ char *address = xml_attribute(host, "name");
	_cleanup_free_ char *port = read_port(host), *lun = NULL;
	char *text = NULL;

	if (!name || asprintf(&lun, "%s%s", name, strchr(name, '/') ? "" : "/0") < 0 ||
		iscsi_uri_format(address ?: "", port, lun, &text) < 0)
		return NULL;
	return text;
}

static int read_host(xmlNode *node, const char *default_port, struct source *source)
{
	_cleanup_free_ char *name = xml_attribute(node, "name");
	_cleanup_free_ char *port = read_port(node);
	struct uri_host host = {};

	if (!name || strlen(name) > URI_HOST_MAX || strlen(port ?: "") >= sizeof(host.port))
		return -EINVAL;
	strcpy(host.name, name);
	strcpy(host.port, port ?: default_port);
	return source_add_host(source, &host);
}

/* The hosts of an NBD server or of RBD monitors, or a server's socket. */
static int read_hosts(xmlNode *node, const char *default_port, struct source *source)
{
	int r = 0;

	for (xmlNode *child = node->children; child && r == 0; child = child->next) {
		if (!xml_is(child, "host"))
			continue;
		if (!xml_attribute_is(child, "transport", "unix"))
			r = read_host(child, default_port, source);
		else if (!source->socket)
			source->socket = xml_attribute(child, "socket");
	}
	return r;
}

static char *describe_nbd(xmlNode *node)
{
	_cleanup_source_ struct source source = { .kind = SOURCE_NBD };
	char *text = NULL;

	source.name = xml_attribute(node, "name");
	source.tls = xml_attribute_is(node, "tls", "yes");
	if (read_hosts(node, NBD_PORT, &source) < 0 || (!source.socket && source.n_hosts != 1) ||
		source_format(&source, &text) < 0)
		return NULL;
	return text;
}

static char *describe_rbd(xmlNode *node)
{
	_cleanup_source_ struct source source = { .kind = SOURCE_RBD };
	char *text = NULL;

	source.name = xml_attribute(node, "name");
	source.snapshot = xml_attribute(xml_child(node, "snapshot"), "name");
	if (!source.name || read_hosts(node, "", &source) < 0 || source.socket ||
		source_format(&source, &text) < 0)
		return NULL;
	return text;
}

/* A number as libvirt writes those of PCI addresses. */
static unsigned read_hex(xmlNode *address, const char *name)
{
	_cleanup_free_ char *text = xml_attribute(address, name);

	return text ? (unsigned)strtoul(text, NULL, 0) : 0;
}

static char *describe_nvme(xmlNode *node)
{
	xmlNode *address = xml_child(node, "address");
	struct source source = {
		.kind = SOURCE_NVME,
		.domain = read_hex(address, "domain"),
		.bus = read_hex(address, "bus"),
		.slot = read_hex(address, "slot"),
		.function = read_hex(address, "function"),
	};
	char *text = NULL;

	if (xml_number(node, "namespace", &source.space) < 0 || source_format(&source, &text) < 0)
		return NULL;
	return text;
}

static char *describe_volume(xmlNode *node)
{
	struct source source = { .kind = SOURCE_VOLUME };
	_cleanup_free_ char *pool = xml_attribute(node, "pool");
	_cleanup_free_ char *volume = xml_attribute(node, "volume");
	char *text = NULL;

	source.pool = pool;
	source.name = volume;
	if (!pool || !volume || source_format(&source, &text) < 0)
		return NULL;
	return text;
}

/* libvirt writes a port that was left out into the XML of a running domain. */
static const struct {
	const char *protocol, *port;
} others[] = {
	{ "ftp", "21" },
	{ "ftps", "990" },
	{ "gluster", "24007" },
	{ "http", "80" },
	{ "https", "443" },
	{ "nfs", "2049" },
	{ "sheepdog", "7000" },
	{ "ssh", "22" },
	{ "tftp", "69" },
	{ "vxhs", "9999" },
};

/* PROTOCOL://HOST[:PORT]/NAME, by the first host; NULL if it has none, or no port is known. */
static char *describe_server(xmlNode *source, const char *protocol, const char *name)
{
	xmlNode *host = xml_child(source, "host");
	_cleanup_free_ char *address = xml_attribute(host, "name"), *port = read_port(host);
	_cleanup_free_ char *server = NULL;
	char *text;

	for (size_t i = 0; address && i < ARRAY_SIZE(others); i++) {
		if (strcmp(others[i].protocol, protocol) != 0)
			continue;
		if (port && strcmp(port, others[i].port) == 0)
			*port = '\0';
		if (uri_host_format(address, port, &server) < 0 ||
			asprintf(&text, "%s://%s%s%s", protocol, server, *name == '/' ? "" : "/",
				name) < 0)
			return NULL;
		return text;
	}
	return NULL;
}

/* A path where there is one, else server or protocol and name. */
static char *describe_other(xmlNode *source)
{
	static const char *const paths[] = { "file", "dev", "dir" };
	_cleanup_free_ char *kind = NULL, *name = NULL;
	char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !text; i++)
		text = xml_attribute(source, paths[i]);
	if (text)
		return text;
	kind = xml_attribute(source, "protocol") ?: xml_attribute(source, "type");
	name = xml_attribute(source, "name") ?: xml_attribute(source, "path");
	if (kind && name)
		text = describe_server(source, kind, name);
	if (text || !name)
		return text;
	return asprintf(&text, "%s:%s", kind ?: "", name) < 0 ? NULL : text;
}

char *source_describe(xmlNode *source)
{
	char *text = NULL;

	if (!source)
		return NULL;
	if (xml_attribute_is(source, "protocol", "iscsi"))
		return describe_iscsi(source);
	if (xml_attribute_is(source, "protocol", "nbd"))
		text = describe_nbd(source);
	else if (xml_attribute_is(source, "protocol", "rbd"))
		text = describe_rbd(source);
	else if (xml_attribute_is(source, "type", "pci"))
		text = describe_nvme(source);
	else
		text = describe_volume(source);
	return text ?: describe_other(source);
}
