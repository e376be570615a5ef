/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A callback for the events of one domain, and the connection to libvirt that it is of: another
 * one's has the same numbers. */
#pragma once

#include "domain.h"

struct listener {
	virConnectPtr connection; /* NULL: none yet */
	int id;			  /* -1: libvirt does not have it */
	bool qemu;		  /* of events that libvirt passes on */
};

/* In a call: ends one of another connection than the domain's. Returns whether it is to be
 * registered on the new one. */
bool listener_move(struct listener *listener, const struct hotslot_domain *domain);

void listener_end(struct listener *listener);
