/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls on a domain: one at a time, in the order in which they came, with a deadline.
 *
 * Between two calls the session rests: then whoever else waits for the turn to talk with the agent
 * gets it. If no call is under way, the event loop makes an empty one for that, which a thread
 * ends.
 */
#include "call.h"
#include "error.h"
#include "options.h"
#include "reconnect.h"
#include "session.h"

static struct caller **find_link(struct hotslot_domain *domain, const struct caller *caller)
{
	struct caller **link = &domain->callers;

	while (*link != caller)
		link = &(*link)->next;
	return link;
}

/* All with the events' lock held. */
static void begin(struct hotslot_domain *domain)
{
	domain->calling = true;
	domain->polite = false;
	domain->stops = domain->events->stops;
	domain->reboots = domain->events->reboots;
}

static bool wait_for_call(struct hotslot_domain *domain, uint64_t deadline)
{
	struct caller self = {};
	bool first;

	*find_link(domain, NULL) = &self;
	while ((domain->calling || domain->callers != &self) && now_ms() < deadline)
		events_wait(domain->events, deadline);
	first = !domain->calling && domain->callers == &self;
	*find_link(domain, &self) = self.next;
	/* Who is behind may be the first now. */
	events_notify(domain->events);
	return first;
}

static int take_call(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	bool first;

	pthread_mutex_lock(&domain->events->lock);
	first = wait_for_call(domain, deadline);
	if (first) {
		begin(domain);
		domain->until = deadline;
		domain->given_up = false;
	}
	pthread_mutex_unlock(&domain->events->lock);
	if (!first)
		return error_set(error, HOTSLOT_ERROR_BUSY,
			"Domain %s is busy: other calls of this process on it did not end in time",
			domain->name);
	*ret = domain;
	return 0;
}

/* Whatever the domain went through while there was no daemon: it was before the call. */
static int begin_lost(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int r = domain_reopen(domain, error);

	pthread_mutex_lock(&domain->events->lock);
	domain->stops = domain->events->stops;
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

static int begin_by(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r = take_call(domain, deadline, &call, error);

	if (r == 0 && domain_is_lost(domain))
		r = begin_lost(domain, error);
	if (r == 0)
		*ret = steal_pointer(call);
	return r;
}

static uint64_t deadline_of(const struct hotslot_domain *domain, unsigned timeout_ms)
{
	return timeout_ms ? now_ms() + timeout_ms : domain_deadline(domain);
}

int domain_begin(struct hotslot_domain *domain, unsigned timeout_ms, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	uint64_t deadline = deadline_of(domain, timeout_ms);
	int r = reconnects_finish(domain, deadline, error);

	return r < 0 ? r : begin_by(domain, deadline, ret, error);
}

int domain_begin_anyhow(struct hotslot_domain *domain, unsigned timeout_ms,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	uint64_t deadline = deadline_of(domain, timeout_ms);

	(void)reconnects_await_moment(domain->hotslot->reconnects, domain->uuid);
	return begin_by(domain, deadline, ret, error);
}

bool call_is_wanted(struct hotslot_domain *domain)
{
	bool wanted;

	pthread_mutex_lock(&domain->events->lock);
	wanted = domain->callers != NULL;
	pthread_mutex_unlock(&domain->events->lock);
	return wanted || session_is_to_rest(domain);
}

void call_renew(struct hotslot_domain *domain, unsigned timeout_ms)
{
	domain->until = deadline_of(domain, timeout_ms);
	domain->given_up = false;
}

/* Whoever asks for the turn before the end gets it now, if this returns false; who asks later meets
 * an idle domain. */
static bool is_over(struct hotslot_domain *domain)
{
	bool again;

	pthread_mutex_lock(&domain->events->lock);
	again = domain->poked;
	domain->poked = false;
	domain->calling = again;
	events_notify(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
	return !again;
}

static void end(struct hotslot_domain *domain)
{
	do
		session_rest(domain);
	while (!is_over(domain));
}

void domain_endp(struct hotslot_domain **call)
{
	if (*call)
		end(*call);
}

/* The turn is given when the next call ends. */
static void put_off(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->poked = true;
	domain->calling = false;
	events_notify(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
}

static void run_end(void *data)
{
	end(data);
}

/* To end a session takes an answer of libvirt's daemon, which may hang: not from the event loop.
 * The domain stays until the call is over: see domain_last_call(). */
static void end_elsewhere(struct hotslot_domain *domain)
{
	do
		if (session_is_to_rest(domain)) {
			domain->ending = (struct errand){ .run = run_end, .data = domain };
			if (errand_begin(domain->hotslot, &domain->ending) < 0)
				put_off(domain);
			return;
		}
	while (!is_over(domain));
}

void domain_poked(void *data)
{
	struct hotslot_domain *domain = data;
	struct events *events = domain->events;
	bool idle;

	pthread_mutex_lock(&events->lock);
	idle = !domain->calling && !domain->callers;
	if (idle)
		begin(domain);
	else
		domain->poked = true;
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
	if (idle)
		end_elsewhere(domain);
}

void domain_last_call(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->events->lock);
	while (domain->calling)
		events_wait(domain->events, UINT64_MAX);
	domain->calling = true;
	pthread_mutex_unlock(&domain->events->lock);
}

uint64_t domain_deadline(const struct hotslot_domain *domain)
{
	return deadline_after(domain->timeout_ms, TIMEOUT_DEFAULT_MS);
}

void hotslot_domain_set_timing(struct hotslot_domain *domain, bool timing)
{
	__atomic_store_n(&domain->timing, timing, __ATOMIC_RELAXED);
}

void hotslot_domain_set_timeout(struct hotslot_domain *domain, unsigned timeout_ms)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->timeout_ms = timeout_ms;
	pthread_mutex_unlock(&domain->events->lock);
}
