/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to do for one who watches: waiting for it, and the calls that it takes. */
#include "watch-work.h"

#include <string.h>

#include "block-job.h"
#include "error.h"
#include "qemu-question.h"
#include "session.h"
#include "watch-signs.h"
#include "wire.h"

/* For a hello, an inventory and those who are before us. Others wait for us as long if they come in
 * between; an agent that was not there is given more each time. */
#define LOOK_MS 5000

/* On top of the grace that a request has. QEMU says that a port was opened or closed, maybe another
 * one: an agent that lives answers at once. */
#define PING_MS 4000
#define SIGN_PING_MS 0

void watch_begin(struct watch *watch)
{
	struct events *events = watch->domain->events;

	watch->tell_at = UINT64_MAX;
	pthread_mutex_lock(&events->lock);
	watch_queue_join(&watch->queue, events);
	watch->stops = events->stops;
	watch->boots = events_boots(events);
	watch->reopens = events->reopens;
	watch->signs = events->signs;
	watch->watch_stops = events->watch_stops;
	pthread_mutex_unlock(&events->lock);
}

void watch_end(struct watch *watch)
{
	struct events *events = watch->domain->events;

	pthread_mutex_lock(&events->lock);
	watch_queue_leave(&watch->queue, events);
	pthread_mutex_unlock(&events->lock);
	watch_model_done(&watch->model);
	listener_end(&watch->port);
	listener_end(&watch->jobs);
}

/* libvirt ends a domain that goes back to a snapshot and starts it anew in one job; what needs a
 * job itself, as the question does, waits for its end, however long that takes. Returns false if
 * the watch is to end before that. */
static bool await_job(const struct watch *watch, virDomainPtr domain)
{
	struct events *events = watch->domain->events;
	struct qemu_question *question = qemu_question_for(domain, events);

	bool stopped;

	if (!question)
		return true;
	pthread_mutex_lock(&events->lock);
	while (!(stopped = events->watch_stops != watch->watch_stops) &&
		!qemu_question_await(question, 0))
		events_wait(events, UINT64_MAX);
	pthread_mutex_unlock(&events->lock);
	qemu_question_free(question);
	return !stopped;
}

bool watch_is_back(struct watch *watch)
{
	_cleanup_domain_ virDomainPtr domain = domain_get(watch->domain);
	struct events *events = watch->domain->events;
	unsigned stops;
	bool ended;

	pthread_mutex_lock(&events->lock);
	stops = events->stops;
	ended = stops != watch->stops && !events->reverting;
	pthread_mutex_unlock(&events->lock);
	if (ended)
		return false;
	if (await_job(watch, domain) && virDomainIsActive(domain) != 1)
		return false;
	watch->stops = stops;
	return true;
}

/* Returns whether it is time for WORK; else UNTIL is no later than that. */
static bool is_time(uint64_t at, uint64_t now, uint64_t *until)
{
	if (now >= at)
		return true;
	if (*until > at)
		*until = at;
	return false;
}

/* With the lock held, as the next ones. Returns -1 if there is nothing to do before UNTIL. */
static int find_live_work(struct watch *watch, uint64_t now, uint64_t *until)
{
	const struct events *events = watch->domain->events;
	const struct watch_queue *queue = &watch->queue;

	if (queue->loss == WATCH_LOSS_MALFORMED)
		return WATCH_WORK_MALFORMED;
	if (is_time(watch->pace.share_at, now, until))
		return WATCH_WORK_SHARE;
	if (queue->loss != WATCH_LOSS_NONE || watch->model.look)
		return is_time(watch->pace.look_after, now, until) ? WATCH_WORK_LOOK : -1;
	if (queue->first)
		return WATCH_WORK_ITEMS;
	if (events->devices != watch->devices && is_time(watch->pace.xml_after, now, until))
		return WATCH_WORK_XML;
	if (events->signs != watch->signs)
		return WATCH_WORK_PING;
	if (is_time(watch->tell_at, now, until))
		return WATCH_WORK_TELL;
	return is_time(watch->heard + WATCH_HEARTBEAT_MS, now, until) ? WATCH_WORK_PING : -1;
}

/* Returns whether it has the session no more: somebody else has asked for the agent, most likely.
 */
static bool note_loss(struct watch *watch, uint64_t now)
{
	if (session_is_alive(watch->domain) || watch->queue.loss == WATCH_LOSS_MALFORMED)
		return false;
	watch->live = false;
	if (session_is_given(watch->domain))
		watch_pace_yielded(&watch->pace, now);
	else
		watch->pace.retry_at = now + PACE_YIELD_MIN_MS;
	return true;
}

static int find_dead_work(struct watch *watch, uint64_t now, uint64_t *until)
{
	const struct events *events = watch->domain->events;

	if (events->signs != watch->signs)
		return WATCH_WORK_LOOK;
	if (events->devices != watch->devices) {
		watch->devices = events->devices;
		watch_pace_hurry(&watch->pace, now);
	}
	return is_time(watch->pace.retry_at, now, until) ? WATCH_WORK_LOOK : -1;
}

/* Or there is another one: what was told on the old one may be out of date. */
static bool is_lost(const struct watch *watch)
{
	const struct events *events = watch->domain->events;

	return events->disconnected ? !watch->lost : events->reopens != watch->reopens;
}

static int find_work(struct watch *watch, uint64_t now, uint64_t *until)
{
	const struct events *events = watch->domain->events;

	if (events->watch_stops != watch->watch_stops)
		return WATCH_WORK_STOP;
	if (events->stops != watch->stops)
		return WATCH_WORK_ENDED;
	if (is_lost(watch))
		return WATCH_WORK_LOST;
	if (watch->connected && events_boots(events) != watch->boots)
		return WATCH_WORK_RESET;
	if (watch->live && session_is_rejected(watch->domain))
		return WATCH_WORK_REJECTED;
	if (watch->live && !note_loss(watch, now))
		return find_live_work(watch, now, until);
	return find_dead_work(watch, now, until);
}

enum watch_work watch_wait(struct watch *watch)
{
	struct events *events = watch->domain->events;
	int work;

	pthread_mutex_lock(&events->lock);
	for (;;) {
		uint64_t until = UINT64_MAX;

		work = find_work(watch, now_ms(), &until);
		if (work >= 0)
			break;
		events_wait(events, until);
	}
	pthread_mutex_unlock(&events->lock);
	return work;
}

/* What happens after this is maybe not in what the call is about to read. */
static void mind_events(struct watch *watch)
{
	struct events *events = watch->domain->events;

	pthread_mutex_lock(&events->lock);
	watch->devices = events->devices;
	watch->signs = events->signs;
	watch->boots = events_boots(events);
	watch->reopens = events->reopens;
	watch->lost = false;
	pthread_mutex_unlock(&events->lock);
}

static void mind_devices(struct watch *watch)
{
	struct events *events = watch->domain->events;

	pthread_mutex_lock(&events->lock);
	watch->devices = events->devices;
	pthread_mutex_unlock(&events->lock);
}

/* The agent's events up to now are in the inventory that it is about to send. */
static void forget_items(struct watch *watch)
{
	struct events *events = watch->domain->events;

	pthread_mutex_lock(&events->lock);
	watch_queue_clear(&watch->queue);
	pthread_mutex_unlock(&events->lock);
}

static int begin(struct watch *watch, unsigned timeout_ms, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	int r = domain_begin(watch->domain, timeout_ms, ret, error);

	/* It is told as what it is. */
	return r < 0 && error->code != HOTSLOT_ERROR_NOT_RUNNING ? -EAGAIN : r;
}

static int read_inventory(
	struct watch *watch, struct domain_xml *xml, uint64_t deadline, struct hotslot_error *error)
{
	const struct hotslot_agent_info *info;
	struct guest_hidden hidden;
	struct record **records;
	bool rebooted;
	size_t count;
	int r = guest_disks_at_once(watch->domain, deadline, &records, &count, &hidden, error);

	if (r < 0) {
		domain_xml_free(xml);
		return r;
	}
	info = session_info(watch->domain);
	rebooted = strcmp(info->boot_id, watch->agent.boot_id) != 0;
	if (rebooted || info->epoch != watch->agent.epoch)
		watch->connected = false;
	watch->agent = *info;
	r = watch_model_take_inventory(&watch->model, records, count, &hidden, xml, rebooted);
	return r < 0 ? error_memory(error) : 0;
}

int watch_look(struct watch *watch, struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	uint64_t deadline = now_ms() + LOOK_MS, began;
	struct domain_xml *xml;
	int r = begin(watch, LOOK_MS, &call, error);

	if (r < 0)
		return r;
	began = now_ms();
	mind_events(watch);
	watch_signs_begin(watch->domain, &watch->port);
	block_job_listen(watch->domain, &watch->jobs);
	if (watch->begun)
		r = session_open_politely(watch->domain, deadline, &xml, error);
	else
		r = session_open(watch->domain, deadline, &xml, error);
	if (r < 0)
		return r;
	/* To wait for others, and for the agent, is no work. */
	if (!watch->live) {
		began = now_ms();
		watch_pace_opened(&watch->pace, session_has_turn(watch->domain), began);
	}
	forget_items(watch);
	r = read_inventory(watch, xml, deadline, error);
	watch_pace_looked(&watch->pace, began, now_ms());
	return r;
}

int watch_read_xml(struct watch *watch, struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	uint64_t began = now_ms();
	struct domain_xml *xml;
	int r = begin(watch, LOOK_MS, &call, error);

	if (r < 0)
		return r;
	mind_devices(watch);
	r = domain_read(watch->domain, &xml, error);
	if (r < 0)
		return r;
	watch_pace_read(&watch->pace, began, now_ms());
	r = watch_model_take_xml(&watch->model, xml);
	return r < 0 ? error_memory(error) : 0;
}

static bool is_alive(const struct hotslot_domain *domain)
{
	bool alive;

	pthread_mutex_lock(&domain->events->lock);
	alive = session_is_alive(domain);
	pthread_mutex_unlock(&domain->events->lock);
	return alive;
}

/* Takes note of the signs, and returns how long the answer to a ping may take. */
static unsigned mind_signs(struct watch *watch)
{
	struct events *events = watch->domain->events;
	bool sign;

	pthread_mutex_lock(&events->lock);
	sign = watch->signs != events->signs;
	watch->signs = events->signs;
	pthread_mutex_unlock(&events->lock);
	return sign ? SIGN_PING_MS : PING_MS;
}

int watch_ping(struct watch *watch, struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r = begin(watch, LOOK_MS, &call, error);
	json_t *answer;

	if (r < 0)
		return r;
	/* It is not asked for again without an inventory. */
	if (!is_alive(watch->domain))
		return 0;
	r = session_request(watch->domain, HOTSLOT_REQUEST_PING, json_object(),
		now_ms() + mind_signs(watch), &answer, error);
	if (r == 0)
		json_decref(answer);
	return r;
}

void watch_end_session(struct watch *watch)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error error;

	if (begin(watch, LOOK_MS, &call, &error) == 0)
		session_end(watch->domain);
	forget_items(watch);
}
