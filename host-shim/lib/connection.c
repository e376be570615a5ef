/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to libvirt, the domains known on it, and their events. */
#include "connection.h"

#include <libvirt/virterror.h>
#include <libxml/uri.h>
#include <stdarg.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "loop.h"
#include "reconnect.h"

/* A remote daemon that says nothing for this long, this often, is gone. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 6

const char *hotslot_version(void)
{
	return HOTSLOT_VERSION;
}

void connection_notice(struct hotslot *hotslot, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	hotslot_notice_fn notice;
	va_list arguments;
	void *data;
	int r;

	pthread_mutex_lock(&hotslot->lock);
	notice = hotslot->notice;
	data = hotslot->notice_data;
	pthread_mutex_unlock(&hotslot->lock);
	if (!notice)
		return;
	va_start(arguments, format);
	r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0)
		message = NULL;
	else
		notice(data, message);
}

static void unpin(void *data)
{
	struct hotslot *hotslot = data;

	if (__atomic_sub_fetch(&hotslot->pins, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	pthread_mutex_destroy(&hotslot->lock);
	free(hotslot);
}

static void ignore_error(void *data, virError *error)
{
	(void)data;
	(void)error;
}

/* Calls FN with the events of each domain that is DOMAIN, of all if that is NULL. */
static void for_events(struct hotslot *hotslot, virDomainPtr domain, void (*fn)(struct events *))
{
	char uuid[VIR_UUID_STRING_BUFLEN] = "";

	if (domain && virDomainGetUUIDString(domain, uuid) < 0)
		return;
	pthread_mutex_lock(&hotslot->lock);
	for (struct hotslot_domain *d = hotslot->domains; d; d = d->next)
		if (!domain || strcmp(d->uuid, uuid) == 0)
			fn(d->events);
	pthread_mutex_unlock(&hotslot->lock);
}

/* The guest's memory is not what it was: the session in it is an older one, or another host's. */
static bool is_rewound(int event, int detail)
{
	switch (event) {
	case VIR_DOMAIN_EVENT_STARTED:
		return detail != VIR_DOMAIN_EVENT_STARTED_BOOTED;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		return detail == VIR_DOMAIN_EVENT_SUSPENDED_RESTORED ||
		       detail == VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT;
	case VIR_DOMAIN_EVENT_RESUMED:
		return detail == VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT;
	default:
		return false;
	}
}

static int on_lifecycle(
	virConnectPtr connection, virDomainPtr domain, int event, int detail, void *data)
{
	(void)connection;
	if (event == VIR_DOMAIN_EVENT_STOPPED)
		for_events(data, domain, events_stopped);
	else if (is_rewound(event, detail))
		for_events(data, domain, events_rewound);
	else if (event == VIR_DOMAIN_EVENT_SUSPENDED || event == VIR_DOMAIN_EVENT_RESUMED)
		for_events(data, domain, events_sign);
	return 0;
}

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
	(void)connection;
	for_events(data, domain, events_rebooted);
}

static void on_added(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	(void)connection;
	(void)alias;
	for_events(data, domain, events_device_added);
}

static void on_removed(virConnectPtr connection, virDomainPtr domain, const char *alias, void *data)
{
	struct hotslot *hotslot = data;
	char uuid[VIR_UUID_STRING_BUFLEN];

	(void)connection;
	if (virDomainGetUUIDString(domain, uuid) < 0)
		return;
	pthread_mutex_lock(&hotslot->lock);
	for (struct hotslot_domain *d = hotslot->domains; d; d = d->next)
		if (strcmp(d->uuid, uuid) == 0)
			events_device_removed(d->events, alias);
	pthread_mutex_unlock(&hotslot->lock);
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
	struct hotslot *hotslot = data;

	(void)connection;
	(void)reason;
	__atomic_add_fetch(&hotslot->pins, 1, __ATOMIC_RELAXED);
	if (virEventAddTimeout(0, tell_closed, hotslot, unpin) < 0)
		unpin(hotslot);
}

static int register_event(
	struct hotslot *hotslot, int event, virConnectDomainEventGenericCallback fn)
{
	int id;

	__atomic_add_fetch(&hotslot->pins, 1, __ATOMIC_RELAXED);
	id = virConnectDomainEventRegisterAny(hotslot->connection, NULL, event, fn, hotslot, unpin);
	if (id < 0)
		unpin(hotslot);
	return id;
}

static int register_events(struct hotslot *hotslot)
{
	hotslot->lifecycle = register_event(
		hotslot, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
	hotslot->addition = register_event(
		hotslot, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_added));
	hotslot->removal = register_event(
		hotslot, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_removed));
	hotslot->reboot = register_event(
		hotslot, VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot));
	if (hotslot->lifecycle < 0 || hotslot->addition < 0 || hotslot->removal < 0 ||
		hotslot->reboot < 0)
		return -EIO;
	/* Drivers whose connection cannot close take this and forget it, so there is nothing to
	 * pin: the others wait for the callback when it is unregistered. */
	(void)virConnectRegisterCloseCallback(hotslot->connection, on_close, hotslot, NULL);
	return 0;
}

static int read_uri(struct hotslot *hotslot, struct hotslot_error *error)
{
	_cleanup_free_ char *text = virConnectGetURI(hotslot->connection);
	xmlURI *uri = text ? xmlParseURI(text) : NULL;

	if (!uri)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot tell what is connected");
	hotslot->local = !uri->server || !*uri->server;
	hotslot->embedded = uri->path && strcmp(uri->path, "/embed") == 0;
	xmlFreeURI(uri);
	return 0;
}

static int connect_libvirt(struct hotslot *hotslot, const char *uri, struct hotslot_error *error)
{
	int r;

	hotslot->connection = virConnectOpen(uri);
	if (!hotslot->connection)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot connect to %s", uri ?: "libvirt");
	virConnSetErrorFunc(hotslot->connection, NULL, ignore_error);
	r = read_uri(hotslot, error);
	if (r < 0)
		return r;
	if (hotslot->embedded)
		hotslot->reconnects = reconnects_begin(hotslot->connection);
	if (register_events(hotslot) < 0)
		return error_libvirt_code(
			error, HOTSLOT_ERROR_CONNECT, "Cannot get events of the domains");
	/* Local drivers have none and need none. */
	(void)virConnectSetKeepAlive(hotslot->connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	return 0;
}

int hotslot_open(const char *uri, struct hotslot **ret, struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct hotslot *hotslot;
	int r;

	error = error_begin(error, &ignored);
	r = loop_start();
	if (r < 0)
		return error_system(error, r, "Cannot run libvirt's event loop");
	hotslot = calloc(1, sizeof(*hotslot));
	if (!hotslot)
		return error_memory(error);
	hotslot->refs = hotslot->pins = 1;
	hotslot->lifecycle = hotslot->addition = hotslot->removal = hotslot->reboot = -1;
	pthread_mutex_init(&hotslot->lock, NULL);
	r = connect_libvirt(hotslot, uri, error);
	if (r < 0) {
		hotslot_unref(hotslot);
		return r;
	}
	*ret = hotslot;
	return 0;
}

struct hotslot *hotslot_ref(struct hotslot *hotslot)
{
	__atomic_add_fetch(&hotslot->refs, 1, __ATOMIC_RELAXED);
	return hotslot;
}

static void disconnect(struct hotslot *hotslot)
{
	const int callbacks[] = { hotslot->lifecycle, hotslot->addition, hotslot->removal,
		hotslot->reboot };

	if (!hotslot->connection)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(callbacks); i++)
		if (callbacks[i] >= 0)
			virConnectDomainEventDeregisterAny(hotslot->connection, callbacks[i]);
	(void)virConnectUnregisterCloseCallback(hotslot->connection, on_close);
	hotslot->reconnects = reconnects_end(hotslot->reconnects);
	virConnectClose(hotslot->connection);
}

struct hotslot *hotslot_unref(struct hotslot *hotslot)
{
	if (!hotslot || __atomic_sub_fetch(&hotslot->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	disconnect(hotslot);
	unpin(hotslot);
	return NULL;
}

void hotslot_set_notice(struct hotslot *hotslot, hotslot_notice_fn notice, void *data)
{
	pthread_mutex_lock(&hotslot->lock);
	hotslot->notice = notice;
	hotslot->notice_data = data;
	pthread_mutex_unlock(&hotslot->lock);
}
