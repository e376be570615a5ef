/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's event loop tells those who wait in a call on a domain. */
#include "events.h"

#include <string.h>

#include "thread.h"

struct events *events_new(void)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->refs = 1;
	pthread_mutex_init(&events->lock, NULL);
	thread_init_cond(&events->changed);
	return events;
}

struct events *events_ref(struct events *events)
{
	__atomic_add_fetch(&events->refs, 1, __ATOMIC_RELAXED);
	return events;
}

struct events *events_unref(struct events *events)
{
	if (!events || __atomic_sub_fetch(&events->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	pthread_cond_destroy(&events->changed);
	pthread_mutex_destroy(&events->lock);
	free(events);
	return NULL;
}

void events_wait(struct events *events, uint64_t deadline)
{
	(void)thread_wait(&events->changed, &events->lock, deadline);
}

void events_notify(struct events *events)
{
	pthread_cond_broadcast(&events->changed);
}

void events_started(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->starts++;
	events->news.changed = true;
	events->starting = true;
	events->stops_before = events->stops;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

static void count_stop(struct events *events, bool reverting, bool left)
{
	pthread_mutex_lock(&events->lock);
	events->stops++;
	events->news.changed = true;
	events->reverting = reverting;
	if (left)
		events->left = events->stops;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_stopped(struct events *events)
{
	count_stop(events, false, false);
}

void events_reverting(struct events *events)
{
	count_stop(events, true, false);
}

/* It has stopped here, and runs on another host. */
void events_left(struct events *events)
{
	count_stop(events, false, true);
}

void events_job_ended(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->jobs++;
	events->news.changed = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_defined(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->defined++;
	events->news.changed = true;
	pthread_mutex_unlock(&events->lock);
}

void events_undefined(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->undefined++;
	events->news.changed = true;
	pthread_mutex_unlock(&events->lock);
}

void events_handled(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->handled++;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_rebooted(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->reboots++;
	events->news.changed = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

static void count_pause(struct events *events, bool rewound)
{
	pthread_mutex_lock(&events->lock);
	if (rewound && !events->starting)
		events->rewinds++;
	else
		events->signs++;
	events->starting = false;
	events->news.changed = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_paused(struct events *events)
{
	count_pause(events, false);
}

void events_rewound(struct events *events)
{
	count_pause(events, true);
}

void events_disconnected(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->disconnected = true;
	events->news.changed = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_metadata_changed(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->news.changed = true;
	pthread_mutex_unlock(&events->lock);
}

void events_block_job(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->devices++;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_device_added(struct events *events, const char *alias)
{
	pthread_mutex_lock(&events->lock);
	events->devices++;
	news_add(&events->news, alias);
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_sign(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->signs++;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}

void events_device_removed(struct events *events, const char *alias)
{
	pthread_mutex_lock(&events->lock);
	events->devices++;
	events->news.changed = true;
	if (events->removing && strcmp(events->removing, alias) == 0)
		events->removed = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
}
