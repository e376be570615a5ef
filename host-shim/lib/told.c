/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until what libvirt has told is known. */
#include "told.h"

#include <libvirt/libvirt.h>

/* The event loop has next to nothing to do, but the machine may have. Without its answer nothing is
 * known. */
#define LOOP_MS 10000

static void on_handled(int timer, void *data)
{
	virEventRemoveTimeout(timer);
	events_handled(data);
}

static void unref(void *data)
{
	events_unref(data);
}

/* libvirt sends the events of a change before the answer to what is asked after that, and hands
 * them to the event loop: so whoever has asked something finds them told when the loop has come to
 * a timer that is set now. */
bool told_begin(struct events *events, unsigned *ret)
{
	pthread_mutex_lock(&events->lock);
	*ret = events->handled;
	pthread_mutex_unlock(&events->lock);
	if (virEventAddTimeout(0, on_handled, events_ref(events), unref) >= 0)
		return true;
	events_unref(events);
	return false;
}

bool told_end(struct events *events, unsigned begun)
{
	uint64_t deadline = now_ms() + LOOP_MS;
	bool done;

	pthread_mutex_lock(&events->lock);
	while (events->handled == begun && now_ms() < deadline)
		events_wait(events, deadline);
	done = events->handled != begun;
	pthread_mutex_unlock(&events->lock);
	return done;
}

bool told_await(struct events *events)
{
	unsigned begun;

	return told_begin(events, &begun) && told_end(events, begun);
}
