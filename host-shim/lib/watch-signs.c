/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's word that the guest has opened or closed a port: the agent came or went. */
#include "watch-signs.h"

#include <libvirt/libvirt-qemu.h>

/* libvirt follows it for every port, in <target state=…>, but has an event of its own for the QEMU
 * guest agent's alone. At most one a second, of which the last one always comes. */
#define PORT_EVENT "VSERPORT_CHANGE"

static void on_port(virConnectPtr connection, virDomainPtr domain, const char *event,
	long long seconds, unsigned microseconds, const char *details, void *data)
{
	(void)connection;
	(void)domain;
	(void)event;
	(void)seconds;
	(void)microseconds;
	(void)details;
	events_sign(data);
}

static void unref(void *data)
{
	events_unref(data);
}

void watch_signs_begin(const struct hotslot_domain *domain, struct listener *listener)
{
	struct events *events;

	if (!listener_move(listener, domain))
		return;
	events = events_ref(domain->events);
	listener->qemu = true;
	listener->id = virConnectDomainQemuMonitorEventRegister(
		listener->connection, domain->domain, PORT_EVENT, on_port, events, unref, 0);
	if (listener->id < 0)
		events_unref(events);
}
