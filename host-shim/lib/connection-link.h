/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to a daemon of libvirt, as long as that one lasts, and its events. */
#pragma once

#include <libvirt/libvirt.h>

#include "hotslot.h"

struct link {
	struct hotslot *hotslot; /* its memory is pinned */
	unsigned pins;		 /* the owner's and one for each callback; atomic */
	virConnectPtr connection;
	unsigned number;			  /* of those that HOTSLOT has had, from 1 on */
	int lifecycle, addition, removal, reboot; /* callbacks, -1: none */
	int job, metadata;			  /* likewise */
};

/* Connects. The domains of HOTSLOT that were looked up on this link hear its events, and no others:
 * what an older one still says is not about what its successor has shown. */
int link_open(struct hotslot *hotslot, const char *uri, unsigned number, struct link **ret,
	struct hotslot_error *error);

/* Takes NULL, returns NULL. Not with the connection's lock held. */
struct link *link_close(struct link *link);
