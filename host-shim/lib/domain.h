/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain: found once, one call on it at a time. */
#pragma once

#include "connection.h"
#include "domain-xml.h"
#include "events.h"
#include "wire.h"

struct hotslot_domain {
	struct hotslot *hotslot;
	struct hotslot_domain *next; /* in the connection's list */
	unsigned refs;		     /* under the connection's lock */
	virDomainPtr domain;
	char uuid[VIR_UUID_STRING_BUFLEN];
	char *name;
	struct events *events;
	pthread_mutex_t call_lock; /* held by each call; for what follows */
	unsigned stops, reboots;   /* of the events, when the call began */
	bool booting;		   /* a reboot of the guest is a failed boot */
	int controller;		   /* the one to manage, -1: the default */
	int id;			   /* of this run of the domain */
	char generation[HOTSLOT_GENERATION_MAX + 1];
	struct session *session; /* NULL: none yet */
};

/* Makes the domain of a call from libvirt's, which it takes over in any case, or finds the one
 * that there is. */
int domain_from_libvirt(struct hotslot *hotslot, virDomainPtr libvirt_domain,
	struct hotslot_domain **ret, struct hotslot_error *error);

/* A call on the domain; calls wait for each other. */
void domain_begin(struct hotslot_domain *domain);
void domain_endp(struct hotslot_domain **domain);

#define _domain_call_(domain)                                                        \
	__attribute__((cleanup(domain_endp), unused)) struct hotslot_domain *call_ = \
		(domain_begin(domain), domain)

/* Reads the live XML. Fails with HOTSLOT_ERROR_NOT_RUNNING if there is none. */
int domain_read(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* The same, and the domain must have what we need: channel, controller, sound metadata. */
int domain_read_checked(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* With the events' lock held: fails if the domain ended since the call began, or no event can
 * come any more. */
int domain_check_alive(struct hotslot_domain *domain, struct hotslot_error *error);

/* Waits until the domain has ended; -ETIMEDOUT, with no error set, at the deadline. */
int domain_wait_stopped(struct hotslot_domain *domain, uint64_t deadline);
