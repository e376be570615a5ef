/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt tells of who defines a domain anew, or undefines it. */
#include "definition-events.h"

#include "error.h"

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
static bool await_told(struct events *events)
{
	uint64_t deadline = now_ms() + LOOP_MS;
	unsigned handled;
	bool done;

	pthread_mutex_lock(&events->lock);
	handled = events->handled;
	pthread_mutex_unlock(&events->lock);
	if (virEventAddTimeout(0, on_handled, events_ref(events), unref) < 0) {
		events_unref(events);
		return false;
	}
	pthread_mutex_lock(&events->lock);
	while (events->handled == handled && now_ms() < deadline)
		events_wait(events, deadline);
	done = events->handled != handled;
	pthread_mutex_unlock(&events->lock);
	return done;
}

struct definition_events definition_events_note(struct hotslot_domain *domain)
{
	struct events *events = domain->events;
	struct definition_events now = { .known = await_told(events), .link = domain->link };

	pthread_mutex_lock(&events->lock);
	now.defined = events->defined;
	now.undefined = events->undefined;
	pthread_mutex_unlock(&events->lock);
	return now;
}

int definition_events_check(struct hotslot_domain *domain, const struct definition_events *since,
	unsigned own, struct hotslot_error *error)
{
	const struct definition_events now = definition_events_note(domain);

	if (!since->known || !now.known || since->link != now.link)
		return 0;
	if (now.defined - since->defined > own)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has defined domain %s anew at the same time, and one of the "
			"two is lost: look at its definition, and try again",
			domain->name);
	if (now.undefined != since->undefined)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has undefined domain %s at the same time, and this change "
			"has defined it again: undefine it once more, if need be",
			domain->name);
	return 0;
}
