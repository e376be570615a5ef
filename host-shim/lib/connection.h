/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to libvirt, whichever daemon there is at the time, and the domains known on it. */
#pragma once

#include <libvirt/libvirt.h>
#include <pthread.h>

#include "hello.h"
#include "hotslot.h"
#include "util.h"

/* What libvirt says of where it runs. */
struct host {
	char uuid[VIR_UUID_STRING_BUFLEN]; /* by which it tells hosts; empty: it does not say */
	unsigned long version;		   /* its own, 0: likewise */
	unsigned link;			   /* where that was read */
};

struct hotslot {
	unsigned refs; /* of the API; atomic */
	unsigned pins; /* of the memory: the API's and one for each link and thread; atomic */
	char *uri;     /* to connect to anew */
	bool local;    /* paths mean the same there and here */
	bool embedded;
	struct reconnects *reconnects; /* of an embedded driver; else NULL */
	pthread_mutex_t lock;	       /* for what follows */
	struct link *link;	       /* the newest: see connection_get() */
	bool closed;		       /* for good */
	struct reopening *reopening;   /* see reopen.c; NULL: never needed */
	struct hotslot_domain *domains;
	hotslot_notice_fn notice;
	void *notice_data;
	struct host host;	      /* see host.h */
	struct errand *errands;	      /* that are not begun: see errand.h */
	bool runs_errands;	      /* there is a thread for them */
	char nonce[HELLO_NONCE_SIZE]; /* no other has it: see generation.c */
};

/* Tells the caller's person something, if the caller wants to know. */
void connection_notice(struct hotslot *hotslot, const char *format, ...) _printf_(2, 3);

/* libvirt's connection as it is now: another thread may have it opened anew while it is used, and
 * it may be gone. The caller closes it. In a call on a domain, virDomainGetConnect(domain->domain)
 * is the one that goes with it. */
virConnectPtr connection_get(struct hotslot *hotslot);

/* The same, and the number of its link. */
virConnectPtr connection_get_link(struct hotslot *hotslot, unsigned *ret_link);

static inline void connection_putp(virConnectPtr *connection)
{
	if (*connection)
		virConnectClose(*connection);
}

#define _cleanup_connection_ _cleanup_(connection_putp)

/* For who keeps its memory beyond the API's references. */
struct hotslot *connection_pin(struct hotslot *hotslot);
void connection_unpin(struct hotslot *hotslot);
