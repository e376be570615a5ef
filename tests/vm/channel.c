/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes the agent's channel away from whoever has it, as virDomainOpenChannel() lets anybody do,
 * and leaves it: channel URI DOMAIN. */
#include <libvirt/libvirt.h>

#include "util.h"
#include "wire.h"

static int take(virConnectPtr connection, const char *name)
{
	virDomainPtr domain = virDomainLookupByName(connection, name);
	virStreamPtr stream = domain ? virStreamNew(connection, 0) : NULL;
	int r = -1;

	if (stream)
		r = virDomainOpenChannel(
			domain, HOTSLOT_PORT_NAME, stream, VIR_DOMAIN_CHANNEL_FORCE);
	if (r == 0)
		virStreamAbort(stream);
	if (stream)
		virStreamFree(stream);
	if (domain)
		virDomainFree(domain);
	return r;
}

int main(int argc, char **argv)
{
	virConnectPtr connection = argc == 3 ? virConnectOpen(argv[1]) : NULL;
	int r = connection ? take(connection, argv[2]) : -1;

	if (connection)
		virConnectClose(connection);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
