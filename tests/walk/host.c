/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others do to the domain, straight through libvirt. */
#include <libvirt/virterror.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "walk.h"

/* For the event that tells of a disk's removal. */
#define REMOVAL_SECONDS 20

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char alias[96]; /* of the last disk that was removed */
} removal = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void *run_events(void *data)
{
	(void)data;
	while (virEventRunDefaultImpl() >= 0)
		;
	return NULL;
}

static void on_removed(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	(void)connection, (void)domain, (void)data;
	pthread_mutex_lock(&removal.lock);
	snprintf(removal.alias, sizeof(removal.alias), "%s", alias);
	pthread_cond_broadcast(&removal.changed);
	pthread_mutex_unlock(&removal.lock);
}

static void ignore_error(void *data, virErrorPtr error)
{
	(void)data, (void)error;
}

static __attribute__((noreturn)) void fail(struct walk *walk, const char *what)
{
	walk_fail(walk, "libvirt: %s: %s", what, virGetLastErrorMessage());
}

void host_open(struct walk *walk)
{
	pthread_t thread;

	virSetErrorFunc(NULL, ignore_error);
	if (virEventRegisterDefaultImpl() < 0 ||
		pthread_create(&thread, NULL, run_events, NULL) != 0)
		fail(walk, "event loop");
	walk->connection = virConnectOpen(walk->uri);
	if (!walk->connection)
		fail(walk, walk->uri);
	walk->libvirt = virDomainLookupByName(walk->connection, walk->domain_name);
	if (!walk->libvirt || virConnectDomainEventRegisterAny(walk->connection, walk->libvirt,
				      VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
				      VIR_DOMAIN_EVENT_CALLBACK(on_removed), NULL, NULL) < 0)
		fail(walk, walk->domain_name);
}

/* Nothing in it needs escaping: libvirt takes no such serials. */
static void print_disk(FILE *out, const struct disk *disk, bool with_address, bool with_alias)
{
	fprintf(out,
		"<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
		"<source file='%s'/><target dev='%s' bus='scsi'/>",
		disk->path, disk->label);
	if (disk->read_only)
		fputs("<readonly/>", out);
	if (*disk->serial)
		fprintf(out, "<serial>%s</serial>", disk->serial);
	if (with_alias)
		fprintf(out, "<alias name='%s'/>", disk->alias);
	if (with_address)
		fprintf(out, "<address type='drive' controller='0' bus='0' target='%u' unit='%u'/>",
			disk->target, disk->lun);
	fputs("</disk>", out);
}

void host_attach(struct walk *walk, const struct disk *disk, bool with_address, bool with_alias)
{
	_cleanup_free_ char *xml = NULL;
	size_t length;
	FILE *out = open_memstream(&xml, &length);

	if (!out)
		walk_fail(walk, "no memory");
	print_disk(out, disk, with_address, with_alias);
	fclose(out);
	if (virDomainAttachDeviceFlags(walk->libvirt, xml, VIR_DOMAIN_AFFECT_LIVE) < 0)
		fail(walk, xml);
}

static bool has_disk(struct walk *walk, const char *alias)
{
	_cleanup_free_ char *xml = virDomainGetXMLDesc(walk->libvirt, 0);
	char element[128];

	if (!xml)
		fail(walk, "XML");
	snprintf(element, sizeof(element), "<alias name='%s'/>", alias);
	return strstr(xml, element);
}

static void await_removal(struct walk *walk, const char *alias, const struct timespec *deadline)
{
	int r = 0;

	pthread_mutex_lock(&removal.lock);
	while (r == 0 && strcmp(removal.alias, alias) != 0)
		r = pthread_cond_timedwait(&removal.changed, &removal.lock, deadline);
	removal.alias[0] = '\0';
	pthread_mutex_unlock(&removal.lock);
	if (r != 0)
		walk_fail(walk, "libvirt does not say that %s is removed", alias);
}

/* An event may be the one of an older disk of that alias. */
void host_detach(struct walk *walk, const struct disk *disk)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += REMOVAL_SECONDS;
	if (virDomainDetachDeviceAlias(walk->libvirt, disk->alias, VIR_DOMAIN_AFFECT_LIVE) < 0)
		fail(walk, disk->alias);
	do
		await_removal(walk, disk->alias, &deadline);
	while (has_disk(walk, disk->alias));
}

void host_resize(struct walk *walk, const struct disk *disk)
{
	if (virDomainBlockResize(
		    walk->libvirt, disk->label, disk->size, VIR_DOMAIN_BLOCK_RESIZE_BYTES) < 0)
		fail(walk, disk->alias);
}
