/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to do for one who watches, for watch.c and watch-work.c alone. */
#pragma once

#include "domain.h"
#include "listener.h"
#include "watch-model.h"
#include "watch-pace.h"
#include "watch-queue.h"

/* An agent that has died is told of by QEMU, see watch-signs.h: this is for those that hang, and
 * wakes a guest twice a minute. */
#define WATCH_HEARTBEAT_MS 30000

/* fn() or hotslot_watch_stop() ends it, or the end of the domain does. */
#define WATCH_OVER 1

enum watch_work {
	WATCH_WORK_STOP,
	WATCH_WORK_ENDED,     /* the domain */
	WATCH_WORK_LOST,      /* the connection to libvirt, for now */
	WATCH_WORK_RESET,     /* the guest */
	WATCH_WORK_MALFORMED, /* what the agent says */
	WATCH_WORK_REJECTED,  /* what was said to it, it says */
	WATCH_WORK_SHARE,     /* let others in that cannot ask for that */
	WATCH_WORK_LOOK,      /* connect and read the inventory */
	WATCH_WORK_ITEMS,     /* the agent's events */
	WATCH_WORK_XML,	      /* read it again */
	WATCH_WORK_PING,
	WATCH_WORK_TELL, /* what has waited long enough */
};

struct watch {
	struct hotslot_domain *domain;
	hotslot_watch_fn fn;
	void *data;
	struct hotslot_error *error;
	struct watch_queue queue;
	struct watch_model model;
	struct watch_pace pace;
	struct hotslot_agent_info agent; /* of the last session */
	bool begun;			 /* something was told */
	bool live;			 /* there is a session, and the queue hears its events */
	bool connected, told_disconnected;
	bool lost; /* the connection to libvirt is gone, and that was minded */
	struct listener port, jobs;
	/* Of the events, as of when they were minded. */
	unsigned stops, boots, reopens, devices, signs, watch_stops;
	/* When: the agent was heard; there is something to tell; it connected, 0: ready since. */
	uint64_t heard, tell_at, connected_at;
};

void watch_begin(struct watch *watch);
void watch_end(struct watch *watch);

/* Whether the domain that has ended goes on all the same: from a snapshot. Waits until libvirt is
 * done with that. */
bool watch_is_back(struct watch *watch);

/* Waits until there is something to do. */
enum watch_work watch_wait(struct watch *watch);

/* Calls on the domain. Each returns -EAGAIN, with no error that matters, if other calls of this
 * process did not end in time. */

/* Connects unless connected, and takes the inventory into the model. */
int watch_look(struct watch *watch, struct hotslot_error *error);
int watch_read_xml(struct watch *watch, struct hotslot_error *error);
int watch_ping(struct watch *watch, struct hotslot_error *error);
void watch_end_session(struct watch *watch);
