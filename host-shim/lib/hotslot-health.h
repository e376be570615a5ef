/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhotslot: watching a domain's disks, putting right what was broken off, looking for what does
 * not work. Part of hotslot.h, which says what holds for all calls; include that.
 */
#ifndef HOTSLOT_HEALTH_H
#define HOTSLOT_HEALTH_H

#include "hotslot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Watching ---- */

enum hotslot_watch_kind {
	HOTSLOT_WATCH_CONNECTED, /* to an agent: agent. Its inventory follows */
	HOTSLOT_WATCH_DISK,	 /* a disk of the first inventory: disk */
	HOTSLOT_WATCH_READY,	 /* all of the inventory was told, and all changes since the last */
	HOTSLOT_WATCH_ADDED,	 /* disk */
	HOTSLOT_WATCH_CHANGED,	 /* disk, as it is now */
	HOTSLOT_WATCH_REMOVED,	 /* disk, as it was */
	HOTSLOT_WATCH_DISCONNECTED, /* reason; it goes on with CONNECTED when it can */
	HOTSLOT_WATCH_STOPPED,	    /* the domain has ended: the last one. reason, if not NULL: it
				       went on to another host */
};

struct hotslot_watch_event {
	size_t size;
	enum hotslot_watch_kind kind;
	const struct hotslot_disk *disk;	/* NULL unless said above */
	const struct hotslot_agent_info *agent; /* likewise */
	const char *reason;			/* likewise: one printable line */
};

/* "disk-added" for HOTSLOT_WATCH_ADDED, and so on: "connected", "disk", "ready", "disk-changed",
 * "disk-removed", "disconnected", "stopped". */
const char *hotslot_watch_kind_name(enum hotslot_watch_kind kind);

/* Returns whether to go on. What EVENT points to is good until it returns. It may make other calls
 * on the domain. */
typedef bool (*hotslot_watch_fn)(void *data, const struct hotslot_watch_event *event);

/* Tells of the domain's disks: first of those that there are, then of each change, through
 * restarts of the agent, of the guest and of libvirt's daemon. Others, in this process or another,
 * can use the domain meanwhile: while they talk to the agent the watcher does not, and then tells
 * of what has changed (which may be CHANGED or REMOVED and ADDED for what they did in between;
 * nothing, for what came and went). Returns 0 after FN returned false, after HOTSLOT_WATCH_STOPPED,
 * or after hotslot_watch_stop(). */
int hotslot_watch(struct hotslot_domain *domain, hotslot_watch_fn fn, void *data,
	struct hotslot_error *error);

/* Makes each hotslot_watch() on the domain that has begun return, from another thread. One whose
 * thread was only just started may not have begun, and goes on. Who may stop it that early sets a
 * flag of his own before this call, and has FN return false if it is set: the first event comes
 * within seconds, whether the agent answers or not, or hotslot_watch() fails. */
void hotslot_watch_stop(struct hotslot_domain *domain);

/* ---- When something went wrong ---- */

/* Called for each thing that was put right; TEXT is one printable line. */
typedef void (*hotslot_repair_fn)(void *data, int slot, const char *text);

/* Finishes or undoes what a call that was broken off (killed, the connection lost) has left: disks
 * that the guest was asked to release and that were not detached, disks that were detached and that
 * the guest still shows, slots that are filled and still reserved, sizes that the guest has not
 * seen, an appliance that was being launched. Each call on a domain does the same before anything
 * else and tells the notice function of its connection; FN may be NULL. */
int hotslot_repair(struct hotslot_domain *domain, unsigned timeout_ms, hotslot_repair_fn fn,
	void *data, struct hotslot_error *error);

enum hotslot_health {
	HOTSLOT_HEALTH_OK,
	HOTSLOT_HEALTH_WARNING, /* works, but … */
	HOTSLOT_HEALTH_FAILED,
	HOTSLOT_HEALTH_UNKNOWN, /* cannot be looked at, because of what failed before */
};

struct hotslot_finding {
	size_t size;
	const char *subject; /* "libvirt", "domain", "qemu", "controller", "channel", "agent",
				"links", "rule", "disk" */
	int slot;	     /* of a disk; -1 otherwise, or if it is unslotted */
	enum hotslot_health health;
	const char *text;   /* what is so: one printable line */
	const char *advice; /* what to do about it; NULL if nothing */
};

/* "ok", "warning", "failed", "unknown". */
const char *hotslot_health_name(enum hotslot_health health);
typedef void (*hotslot_finding_fn)(void *data, const struct hotslot_finding *finding);

/* Looks at everything between libvirt and the links in the guest, in this order, and changes
 * nothing. NAME is as for hotslot_domain_lookup(). Returns 0 if nothing has failed; else a negative
 * errno, with the first thing that failed in *ERROR. */
int hotslot_doctor(struct hotslot *hotslot, const char *name, int controller, unsigned timeout_ms,
	hotslot_finding_fn fn, void *data, struct hotslot_error *error);

#ifdef __cplusplus
}
#endif

#endif
