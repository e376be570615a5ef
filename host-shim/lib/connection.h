/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to libvirt, the domains known on it, and their events. */
#pragma once

#include <libvirt/libvirt.h>
#include <pthread.h>

#include "hotslot.h"
#include "util.h"

struct hotslot {
	unsigned refs; /* of the API; atomic */
	unsigned pins; /* of the memory: the API's and one for each callback; atomic */
	virConnectPtr connection;
	bool local; /* paths mean the same there and here */
	bool embedded;
	struct reconnects *reconnects;		  /* of an embedded driver; else NULL */
	int lifecycle, addition, removal, reboot; /* callbacks, -1: none */
	pthread_mutex_t lock;			  /* for what follows */
	struct hotslot_domain *domains;
	hotslot_notice_fn notice;
	void *notice_data;
};

/* Tells the caller's person something, if the caller wants to know. */
void connection_notice(struct hotslot *hotslot, const char *format, ...) _printf_(2, 3);
