/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest with a listener in place of an agent: libvirt's own calls, and lines on a socket. */
#include <libvirt/virterror.h>
#include <libxml/xpath.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bench.h"
#include "disk-xml.h"
#include "reference.h"
#include "slot.h"
#include "xml.h"

#define CHANNEL "/domain/devices/channel[target/@name='org.hotslot.agent.0']/source"

/* ---- the domain ---- */

static xmlNode *find(xmlDoc *document, const char *path)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *found = xmlXPathEval((const xmlChar *)path, context);
	xmlNode *node = NULL;

	if (found && found->nodesetval && found->nodesetval->nodeNr > 0)
		node = found->nodesetval->nodeTab[0];
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	return node;
}

static void set(xmlDoc *document, const char *path, const char *text)
{
	xmlNode *node = find(document, path);

	if (!node)
		die("the XML of an appliance has no %s", path);
	xmlNodeSetContent(node, (const xmlChar *)text);
}

static void append(xmlDoc *document, const char *path, const char *text)
{
	xmlNode *node = find(document, path);

	if (!node)
		die("the XML of an appliance has no %s", path);
	xmlNodeAddContent(node, (const xmlChar *)" ");
	xmlNodeAddContent(node, (const xmlChar *)text);
}

/* That of an appliance of hotslot's, but for what it starts. */
static char *domain_text(const struct guest *guest, const struct guest *first)
{
	_cleanup_free_ char *text = virDomainGetXMLDesc(first->domain, VIR_DOMAIN_XML_INACTIVE);
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	xmlNode *channel = document ? find(document, CHANNEL) : NULL;
	char *ret;

	if (!channel)
		die("the XML of an appliance has no channel");
	xmlUnsetProp(channel, (const xmlChar *)"path");
	xml_remove(find(document, "/domain/uuid"));
	xml_remove(find(document, "/domain/metadata"));
	set(document, "/domain/name", guest->name);
	set(document, "/domain/os/initrd", guest->initramfs);
	if (guest->append)
		append(document, "/domain/os/cmdline", guest->append);
	if (xml_dump(xmlDocGetRootElement(document), &ret) < 0)
		die("no memory");
	return ret;
}

static char *socket_path(const struct guest *guest)
{
	_cleanup_free_ char *text = virDomainGetXMLDesc(guest->domain, 0);
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	char *path = document ? xml_attribute(find(document, CHANNEL), "path") : NULL;

	if (!path)
		die("%s: no socket of its channel", guest->name);
	return path;
}

/* ---- lines ---- */

static void connect_port(struct guest *guest)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_free_ char *path = socket_path(guest);

	guest->port = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(path) >= sizeof(address.sun_path))
		die("%s: too long", path);
	strcpy(address.sun_path, path);
	if (guest->port < 0 ||
		connect(guest->port, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("%s: %s", path, strerror(errno));
}

static void take_line(struct guest *guest, const char *line)
{
	bool add = strncmp(line, "add ", 4) == 0;
	unsigned slot;

	if (strcmp(line, "ready") == 0) {
		guest->ready = true;
		return;
	}
	if (add && guest->append && !strchr(line, '{'))
		die("%s does not answer: %s", guest->name, line);
	if (sscanf(line, "%*s %u", &slot) == 1 && slot < DISKS_MAX && guest->present[slot] != add) {
		guest->present[slot] = add;
		guest->n_present += add ? 1U : -1U;
	} else {
		die("%s says: %s", guest->name, line);
	}
}

static void read_lines(struct guest *guest)
{
	ssize_t n = read(
		guest->port, guest->text + guest->length, sizeof(guest->text) - 1 - guest->length);
	char *line = guest->text, *end;

	if (n <= 0)
		die("%s has ended", guest->name);
	guest->length += (size_t)n;
	guest->text[guest->length] = '\0';
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(guest, line);
	}
	guest->length = strlen(line);
	memmove(guest->text, line, guest->length);
}

static void await_lines(struct guest *guest, unsigned n_present)
{
	struct pollfd ready = { .fd = guest->port, .events = POLLIN };

	while (!guest->ready || guest->n_present != n_present) {
		if (poll(&ready, 1, DEADLINE_MS) <= 0)
			die("%s: no line of %u disks", guest->name, n_present);
		read_lines(guest);
	}
}

/* ---- libvirt ---- */

static void on_removed(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	struct guest *guest = data;

	(void)connection, (void)domain, (void)alias;
	pthread_mutex_lock(&guest->lock);
	guest->n_removed++;
	pthread_cond_signal(&guest->removed);
	pthread_mutex_unlock(&guest->lock);
}

static void await_removed(struct guest *guest, unsigned n)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += DEADLINE_MS / 1000;
	pthread_mutex_lock(&guest->lock);
	while (guest->n_removed < n)
		if (pthread_cond_timedwait(&guest->removed, &guest->lock, &deadline) != 0)
			die("%s: QEMU did not let go of a disk", guest->name);
	pthread_mutex_unlock(&guest->lock);
}

void listener_open(const struct bench *bench, struct guest *guest, const struct guest *first)
{
	_cleanup_free_ char *text = domain_text(guest, first);

	pthread_mutex_init(&guest->lock, NULL);
	pthread_cond_init(&guest->removed, NULL);
	guest->domain = virDomainCreateXML(bench->connection, text, 0);
	if (!guest->domain)
		die("%s: %s", guest->name, virGetLastErrorMessage());
	if (virConnectDomainEventRegisterAny(bench->connection, guest->domain,
		    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_removed),
		    guest, NULL) < 0)
		die("%s: no events", guest->name);
	connect_port(guest);
	await_lines(guest, 0);
}

/* As hotslot_attach() writes it. */
static char *disk_text(const struct bench *bench, const struct guest *guest, unsigned slot)
{
	_cleanup_free_ char *image = bench_image(bench, guest, slot);
	char serial[64], alias[64], device[REFERENCE_DEVICE_SIZE], *ret;
	const struct hotslot_backend_options backend = HOTSLOT_BACKEND_INIT;
	const struct disk_spec spec = {
		.source = image,
		.format = "raw",
		.target_dev = device + strlen("/dev/"),
		.serial = serial,
		.alias = alias,
		.target = slot_target(slot),
		.unit = slot_lun(slot),
		.backend = &backend,
	};

	reference_format_device(slot, device, sizeof(device));
	snprintf(serial, sizeof(serial), "hs-%u-0123456789abcdef", slot);
	snprintf(alias, sizeof(alias), "ua-hotslot-slot-%u", slot);
	if (disk_xml_format(&spec, &ret) < 0)
		die("no XML of a disk");
	return ret;
}

void listener_attach(const struct bench *bench, struct guest *guest, unsigned n, struct cost *cost)
{
	double start;
	int r;

	for (unsigned i = 0; i < n; i++) {
		_cleanup_free_ char *text = disk_text(bench, guest, guest->count + i);

		start = now_precise();
		r = virDomainAttachDeviceFlags(guest->domain, text, VIR_DOMAIN_AFFECT_LIVE);
		cost->call += now_precise() - start;
		if (r < 0)
			die("%s: %s", guest->name, virGetLastErrorMessage());
	}
	await_lines(guest, guest->count + n);
}

void listener_detach(struct guest *guest, unsigned n, struct cost *cost)
{
	unsigned removed = guest->n_removed + n;
	double start = now_precise();

	for (unsigned i = 1; i <= n; i++) {
		char alias[64];

		snprintf(alias, sizeof(alias), "ua-hotslot-slot-%u", guest->count - i);
		if (virDomainDetachDeviceAlias(guest->domain, alias, VIR_DOMAIN_AFFECT_LIVE) < 0)
			die("%s: %s", guest->name, virGetLastErrorMessage());
	}
	await_removed(guest, removed);
	cost->call = now_precise() - start;
	await_lines(guest, guest->count - n);
}
