/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to a daemon of libvirt, as long as that one lasts, and its events. */
#include "connection-link.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "domain.h"
#include "error.h"

/* A remote daemon that says nothing for this long, this often, is gone. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 6

static void unpin(void *data)
{
	struct link *link = data;

	if (__atomic_sub_fetch(&link->pins, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	connection_unpin(link->hotslot);
	free(link);
}

static void ignore_error(void *data, virError *error)
{
	(void)data;
	(void)error;
}

/* Calls FN with the events of each domain of the link that is DOMAIN, of all if that is NULL. */
static void for_events(struct link *link, virDomainPtr domain, void (*fn)(struct events *))
{
	struct hotslot *hotslot = link->hotslot;
	char uuid[VIR_UUID_STRING_BUFLEN] = "";

	if (domain && virDomainGetUUIDString(domain, uuid) < 0)
		return;
	pthread_mutex_lock(&hotslot->lock);
	for (struct hotslot_domain *d = hotslot->domains; d; d = d->next)
		if (d->link == link->number && (!domain || strcmp(d->uuid, uuid) == 0))
			fn(d->events);
	pthread_mutex_unlock(&hotslot->lock);
}

/* The guest's memory is not what it was: the session in it is an older one. Of one that was stopped
 * and started for that, those have told it. */
static bool is_rewound(int event, int detail)
{
	switch (event) {
	case VIR_DOMAIN_EVENT_SUSPENDED:
		return detail == VIR_DOMAIN_EVENT_SUSPENDED_RESTORED ||
		       detail == VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT;
	case VIR_DOMAIN_EVENT_RESUMED:
		return detail == VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT;
	default:
		return false;
	}
}

static void (*on_stop(int detail))(struct events *)
{
	switch (detail) {
	case VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT:
		return events_reverting;
	case VIR_DOMAIN_EVENT_STOPPED_MIGRATED:
		return events_left;
	default:
		return events_stopped;
	}
}

static int on_lifecycle(
	virConnectPtr connection, virDomainPtr domain, int event, int detail, void *data)
{
	(void)connection;
	if (event == VIR_DOMAIN_EVENT_STARTED)
		for_events(data, domain, events_started);
	else if (event == VIR_DOMAIN_EVENT_STOPPED)
		for_events(data, domain, on_stop(detail));
	else if (event == VIR_DOMAIN_EVENT_DEFINED)
		for_events(data, domain, events_defined);
	else if (event == VIR_DOMAIN_EVENT_UNDEFINED)
		for_events(data, domain, events_undefined);
	else if (is_rewound(event, detail))
		for_events(data, domain, events_rewound);
	else if (event == VIR_DOMAIN_EVENT_SUSPENDED || event == VIR_DOMAIN_EVENT_RESUMED)
		for_events(data, domain, events_paused);
	return 0;
}

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
	(void)connection;
	for_events(data, domain, events_rebooted);
}

/* The same with the alias of a device. */
static void for_device(struct link *link, virDomainPtr domain, const char *alias,
	void (*fn)(struct events *, const char *))
{
	struct hotslot *hotslot = link->hotslot;
	char uuid[VIR_UUID_STRING_BUFLEN];

	if (virDomainGetUUIDString(domain, uuid) < 0)
		return;
	pthread_mutex_lock(&hotslot->lock);
	for (struct hotslot_domain *d = hotslot->domains; d; d = d->next)
		if (d->link == link->number && strcmp(d->uuid, uuid) == 0)
			fn(d->events, alias);
	pthread_mutex_unlock(&hotslot->lock);
}

static void on_added(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	(void)connection;
	for_device(data, domain, alias, events_device_added);
}

static void on_removed(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	(void)connection;
	for_device(data, domain, alias, events_device_removed);
}

static void on_metadata(
	virConnectPtr connection, virDomainPtr domain, int type, const char *uri, void *data)
{
	(void)connection;
	(void)type;
	(void)uri;
	for_events(data, domain, events_metadata_changed);
}

static void on_job(virConnectPtr connection, virDomainPtr domain, virTypedParameterPtr statistics,
	int n, void *data)
{
	(void)connection;
	(void)statistics;
	(void)n;
	for_events(data, domain, events_job_ended);
}

static void tell_closed(int timer, void *data)
{
	virEventRemoveTimeout(timer);
	for_events(data, NULL, events_disconnected);
}

/* libvirt calls this from whatever thread notices first: in the middle of a call, and of one with
 * locks of ours held. The event loop has none. */
static void on_close(virConnectPtr connection, int reason, void *data)
{
	struct link *link = data;

	(void)connection;
	(void)reason;
	__atomic_add_fetch(&link->pins, 1, __ATOMIC_RELAXED);
	if (virEventAddTimeout(0, tell_closed, link, unpin) < 0)
		unpin(link);
}

static int register_event(struct link *link, int event, virConnectDomainEventGenericCallback fn)
{
	int id;

	__atomic_add_fetch(&link->pins, 1, __ATOMIC_RELAXED);
	id = virConnectDomainEventRegisterAny(link->connection, NULL, event, fn, link, unpin);
	if (id < 0)
		unpin(link);
	return id;
}

static int register_events(struct link *link)
{
	link->lifecycle = register_event(
		link, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
	link->addition = register_event(
		link, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_added));
	link->removal = register_event(
		link, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_removed));
	link->reboot = register_event(
		link, VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot));
	/* Not all drivers have it: who waits for the end of a job asks, too. */
	link->job = register_event(
		link, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK(on_job));
	/* Where there is none, nothing is known without looking: see known.c. */
	link->metadata = register_event(
		link, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata));
	if (link->lifecycle < 0 || link->addition < 0 || link->removal < 0 || link->reboot < 0)
		return -EIO;
	/* Drivers whose connection cannot close take this and forget it, so there is nothing to
	 * pin: the others wait for the callback when it is unregistered. */
	(void)virConnectRegisterCloseCallback(link->connection, on_close, link, NULL);
	return 0;
}

static int connect_libvirt(struct link *link, const char *uri, struct hotslot_error *error)
{
	link->connection = virConnectOpen(uri);
	if (!link->connection)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot connect to %s", uri ?: "libvirt");
	virConnSetErrorFunc(link->connection, NULL, ignore_error);
	if (register_events(link) < 0)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot get events of the domains");
	/* Local drivers have none and need none. */
	(void)virConnectSetKeepAlive(link->connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	return 0;
}

int link_open(struct hotslot *hotslot, const char *uri, unsigned number, struct link **ret,
	struct hotslot_error *error)
{
	struct link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		return error_memory(error);
	link->pins = 1;
	link->number = number;
	link->lifecycle = link->addition = link->removal = link->reboot = link->job =
		link->metadata = -1;
	link->hotslot = connection_pin(hotslot);
	r = connect_libvirt(link, uri, error);
	if (r < 0)
		link_close(link);
	else
		*ret = link;
	return r;
}

struct link *link_close(struct link *link)
{
	if (!link)
		return NULL;
	if (link->connection) {
		const int callbacks[] = { link->lifecycle, link->addition, link->removal,
			link->reboot, link->job, link->metadata };

		for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
			if (callbacks[i] >= 0)
				virConnectDomainEventDeregisterAny(link->connection, callbacks[i]);
		(void)virConnectUnregisterCloseCallback(link->connection, on_close);
		virConnectClose(link->connection);
	}
	unpin(link);
	return NULL;
}
