/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain: found once, one call on it at a time. */
#pragma once

#include "connection.h"
#include "domain-xml.h"
#include "events.h"
#include "wire.h"

/* As long as the path of a socket can be. */
#define CHANNEL_PATH_SIZE 108

/* Who waits for the end of a call. */
struct caller {
	struct caller *next;
};

struct hotslot_domain {
	struct hotslot *hotslot;
	struct hotslot_domain *next; /* in the connection's list */
	unsigned refs;		     /* under the connection's lock */
	virDomainPtr domain;
	char uuid[VIR_UUID_STRING_BUFLEN];
	char *name;
	struct events *events;
	/* Under the events' lock: see call.c. */
	bool calling;		/* a call is under way: what follows is its own */
	struct caller *callers; /* who waits for its end, in order */
	bool poked;		/* something happened to the file of the turn */

	unsigned timeout_ms;	 /* of calls that take none, 0: the default */
	unsigned stops, reboots; /* of the events, when the call began */
	bool booting;		 /* a reboot of the guest is a failed boot */
	bool repairing;		 /* the call is hotslot_repair() */
	int controller;		 /* the one to manage, -1: the default */
	int id;			 /* of this run of the domain */
	char generation[HOTSLOT_GENERATION_MAX + 1];
	char socket[CHANNEL_PATH_SIZE]; /* of the agent's port; empty: not known */
	bool polite;			/* the call is in no hurry: see session_open_politely() */
	struct turn *turn;		/* NULL: none yet */
	struct session *session;	/* likewise; then for good */
	/* The session in which libvirt was asked whether QEMU has a disk, and has all: see
	 * unplug.c. */
	unsigned asked_of, heard_of;
};

/* Makes the domain of a call from libvirt's, which it takes over in any case, or finds the one
 * that there is. */
int domain_from_libvirt(struct hotslot *hotslot, virDomainPtr libvirt_domain,
	struct hotslot_domain **ret, struct hotslot_error *error);

/* Begins a call on the domain; *RET ends it. Calls wait for each other, in the order in which they
 * came, this one at most TIMEOUT_MS, 0: as long as calls that take no time. HOTSLOT_ERROR_BUSY
 * then. */
int domain_begin(struct hotslot_domain *domain, unsigned timeout_ms, struct hotslot_domain **ret,
	struct hotslot_error *error);

/* The same of a domain whose QEMU may not answer an embedded driver, which fails the other with
 * HOTSLOT_ERROR_TIMEOUT. */
int domain_begin_anyhow(struct hotslot_domain *domain, unsigned timeout_ms,
	struct hotslot_domain **ret, struct hotslot_error *error);
void domain_endp(struct hotslot_domain **call);

#define _cleanup_call_ __attribute__((cleanup(domain_endp), unused))

/* From the event loop: somebody may want the turn to talk with the agent. */
void domain_poked(void *domain);

/* There will be no other call. */
void domain_last_call(struct hotslot_domain *domain);

/* Until when a call that takes no time may take. */
uint64_t domain_deadline(const struct hotslot_domain *domain);

/* Reads the live XML. Fails with HOTSLOT_ERROR_NOT_RUNNING if there is none. */
int domain_read(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* The same, and the domain must have what we need: channel, controller, sound metadata. */
int domain_read_checked(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* With the events' lock held: fails if the domain ended since the call began, or no event can
 * come any more. */
int domain_check_alive(struct hotslot_domain *domain, struct hotslot_error *error);

/* Waits until UNTIL, now_ms(), or fails if the domain ends. */
int domain_pause(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error);

/* Changes when the guest was reset or went back to a snapshot: what it was asked to do before is
 * undone. */
unsigned domain_boots(struct hotslot_domain *domain);

/* Waits until the domain has ended; -ETIMEDOUT, with no error set, at the deadline. */
int domain_wait_stopped(struct hotslot_domain *domain, uint64_t deadline);
