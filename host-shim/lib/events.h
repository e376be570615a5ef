/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's event loop tells those who wait in a call on a domain. */
#pragma once

#include <pthread.h>

#include "news.h"

/* One for each domain, shared by the calls, the connection's events and the channel's. */
struct events {
	unsigned refs; /* atomic */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* monotonic; for everything under the lock */
	unsigned stops;		/* counts the ends of the domain */
	bool reverting;		/* the last one was for a snapshot, from which it may go on */
	unsigned starts;	/* counts its starts */
	unsigned stops_before;	/* its ends before the last start */
	unsigned reboots;	/* counts the guest's own resets */
	bool starting;	  /* it was neither paused nor went on since: what tells of that is of the
			     start */
	unsigned rewinds; /* counts how often saved state was loaded into it while it ran */
	unsigned reopens; /* counts new connections to libvirt: events were missed */
	unsigned devices; /* counts devices that came and went */
	unsigned signs;	  /* counts what may mean that the agent came, went or goes on */
	unsigned watch_stops;	      /* counts calls of hotslot_watch_stop() */
	struct watch_queue *watchers; /* who hears the agent's events; NULL: nobody */
	bool disconnected;	      /* the connection to libvirt is gone, until the next call */
	const char *removing;	      /* alias of the device whose removal is awaited */
	bool removed;
	unsigned defined, undefined; /* count changes of the whole definition: see
					definition-events.h */
	unsigned handled;	     /* likewise: how often the event loop has come to it */
	unsigned jobs;		     /* counts ends of libvirt's jobs on the domain */
	struct news news;	     /* since the live XML was read: see known.h */
	unsigned left; /* STOPS when the domain last went to another host; 0: it did not */
};

struct events *events_new(void);
struct events *events_ref(struct events *events);
struct events *events_unref(struct events *events);

/* With the lock held: changes when the guest's memory is not what it was, or that cannot be told.
 */
static inline unsigned events_boots(const struct events *events)
{
	return events->reboots + events->rewinds + events->reopens;
}

/* With the lock held: whether its last end was that it went to another host. */
static inline bool events_has_left(const struct events *events)
{
	return events->left > 0 && events->left == events->stops;
}

/* Both with the lock held. The first waits for a change, at most until DEADLINE. */
void events_wait(struct events *events, uint64_t deadline);
void events_notify(struct events *events);

/* From the event loop. */
void events_started(struct events *events);
void events_stopped(struct events *events);
void events_reverting(struct events *events);
void events_left(struct events *events);
void events_job_ended(struct events *events);
void events_defined(struct events *events);
void events_undefined(struct events *events);
void events_handled(struct events *events);
void events_rebooted(struct events *events);
void events_paused(struct events *events); /* or goes on */
void events_rewound(struct events *events);
void events_disconnected(struct events *events);
void events_metadata_changed(struct events *events);
void events_block_job(struct events *events); /* has changed */
void events_device_added(struct events *events, const char *alias);
void events_device_removed(struct events *events, const char *alias);
void events_sign(struct events *events);
