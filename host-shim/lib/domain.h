/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain: found once, one call on it at a time. */
#pragma once

#include "connection.h"
#include "domain-name.h"
#include "domain-xml.h"
#include "errand.h"
#include "events.h"
#include "last-read.h"
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
	virDomainPtr domain; /* changed in calls, under the connection's lock: see domain_get() */
	unsigned link;	     /* likewise: the number of that it was looked up on */
	char uuid[VIR_UUID_STRING_BUFLEN];
	char *name;
	struct events *events;
	/* Under the events' lock: see call.c. */
	bool calling;		/* a call is under way: what follows is its own */
	struct caller *callers; /* who waits for its end, in order */
	bool poked;		/* something happened to the file of the turn */
	struct errand ending;	/* of a call that the event loop has made */

	uint64_t until;		 /* of the call: how long to wait for a daemon that has gone */
	bool given_up;		 /* it did not come back in time */
	unsigned timeout_ms;	 /* of calls that take none, 0: the default */
	unsigned stops, reboots; /* of the events, when the call began */
	bool timing;		 /* answers are to say when things were */
	bool booting;		 /* a reboot of the guest is a failed boot */
	bool repairing;		 /* the call is hotslot_repair() */
	int controller;		 /* the one to manage, -1: the default */
	int id;			 /* of this run of the domain */
	char generation[HOTSLOT_GENERATION_MAX + 1];
	bool generation_lasts;		/* on another connection, too */
	unsigned rewinds;		/* of the events, when id and genid became what they are */
	char socket[CHANNEL_PATH_SIZE]; /* of the agent's port; empty: not known */
	bool polite;			/* the call is in no hurry: see session_open_politely() */
	struct turn *turn;		/* NULL: none yet */
	struct turn *definition_lock;	/* in calls, NULL: not taken: see definition-lock.h */
	unsigned definition_locks;	/* how often this call has it */
	struct session *session;	/* likewise; then for good */
	unsigned ran; /* when the domain was last seen to run: the events' stops, and 1 */
	/* The session in which libvirt was asked whether QEMU has a disk, and has all: see
	 * unplug.c. */
	unsigned asked_of, heard_of;
	/* In calls: see job.c. */
	struct qemu_question *job_question; /* NULL: none */
	uint64_t job_asked;		    /* now_ms(), when it was */
	uint64_t free_until;		    /* now_ms(): until then no job counts as begun */
	unsigned free_link;		    /* on that connection */
	/* What libvirt told before it answered that has been heard: see known.c; or is being heard,
	 * since so much was. */
	bool told, telling;
	unsigned told_since;
	struct old_name *old_names; /* that it had before it was renamed */
	struct last_read last_read; /* in calls */
	bool known; /* likewise: that is how it was when the events' news began; see known.h */
	unsigned known_link; /* where it was read */
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

/* In a call: whether libvirt's daemon has gone since the domain was looked up. */
bool domain_is_lost(const struct hotslot_domain *domain);

/* In a call: looks it up again, waiting for a daemon that is about to start, until the deadline of
 * the call. Fails with HOTSLOT_ERROR_CONNECT after that, with HOTSLOT_ERROR_NOT_RUNNING if the
 * domain is no more. What is read of it anew tells how it is. */
int domain_reopen(struct hotslot_domain *domain, struct hotslot_error *error);

/* For a loop around a call of libvirt that has failed, and may be made twice: returns true if that
 * was because the daemon has gone, and there is one again. Otherwise libvirt's error tells why not.
 */
bool domain_reopened(struct hotslot_domain *domain);

/* Outside of calls; the caller frees it. */
virDomainPtr domain_get(struct hotslot_domain *domain);

static inline void domain_putp(virDomainPtr *domain)
{
	if (*domain)
		virDomainFree(*domain);
}

#define _cleanup_domain_ _cleanup_(domain_putp)

/* The controller to manage, -1: the default. Another thread may set another one: to be asked once.
 */
static inline int domain_controller(const struct hotslot_domain *domain)
{
	return __atomic_load_n(&domain->controller, __ATOMIC_RELAXED);
}

/* The same of whether times are asked for. */
static inline bool domain_timing(const struct hotslot_domain *domain)
{
	return __atomic_load_n(&domain->timing, __ATOMIC_RELAXED);
}

/* From the event loop: somebody may want the turn to talk with the agent. */
void domain_poked(void *domain);

/* There will be no other call. */
void domain_last_call(struct hotslot_domain *domain);

/* Until when a call that takes no time may take. */
uint64_t domain_deadline(const struct hotslot_domain *domain);

/* Reads the live XML. Fails with HOTSLOT_ERROR_NOT_RUNNING if there is none. */
int domain_read(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* The same, with all that it says. The caller frees *ret_document. */
int domain_read_document(struct hotslot_domain *domain, xmlDoc **ret_document,
	struct domain_xml **ret, struct hotslot_error *error);

/* The same, but that of the disks, those that it had when it was last read may be missing. */
int domain_read_new(struct hotslot_domain *domain, xmlDoc **ret_document, struct domain_xml **ret,
	struct hotslot_error *error);

/* Whether its metadata of ours is sound, or there is none; without an id XML is the definition. */
int domain_check_metadata(const struct hotslot_domain *domain, const struct domain_xml *xml,
	struct hotslot_error *error);

/* Whether the domain has what we need: channel, controller, sound metadata. */
int domain_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	struct hotslot_error *error);

/* Whether libvirt can attach a disk and add nothing else. The XML is called WHERE: "Domain", say.
 */
int domain_check_gap(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *where, struct hotslot_error *error);

/* Reads it, and checks that. */
int domain_read_checked(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* With the events' lock held: fails if the domain ended since the call began. */
int domain_check_alive(struct hotslot_domain *domain, struct hotslot_error *error);

/* Waits until UNTIL, now_ms(), or fails if the domain ends. */
int domain_pause(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error);

/* Changes when the guest was reset or went back to a snapshot: what it was asked to do before is
 * undone. */
unsigned domain_boots(struct hotslot_domain *domain);

/* Waits until the domain has ended. With no error set, -ETIMEDOUT at the deadline, -ENOTCONN if no
 * event can come any more. */
int domain_wait_stopped(struct hotslot_domain *domain, uint64_t deadline);
