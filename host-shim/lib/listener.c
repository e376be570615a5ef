/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A callback for the events of one domain, and the connection to libvirt that it is of. */
#include "listener.h"

#include <libvirt/libvirt-qemu.h>

bool listener_move(struct listener *listener, const struct hotslot_domain *domain)
{
	virConnectPtr connection = virDomainGetConnect(domain->domain);

	if (listener->connection == connection)
		return false;
	listener_end(listener);
	virConnectRef(connection);
	*listener = (struct listener){ .connection = connection, .id = -1 };
	return true;
}

void listener_end(struct listener *listener)
{
	if (!listener->connection)
		return;
	if (listener->id >= 0 && listener->qemu)
		(void)virConnectDomainQemuMonitorEventDeregister(
			listener->connection, listener->id);
	else if (listener->id >= 0)
		(void)virConnectDomainEventDeregisterAny(listener->connection, listener->id);
	virConnectClose(listener->connection);
	listener->connection = NULL;
}
