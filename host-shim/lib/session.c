/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with a domain's agent: hello, requests, heartbeats, starting again. */
#include "session-state.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "agreement.h"
#include "channel.h"
#include "error.h"
#include "hello.h"

/* The first hello may meet an agent that is about to be restarted. Each further one waits twice
 * as long, so that a slow agent catches up. */
#define HELLO_RETRY_MS 2000

/* An agent that says nothing for this long is asked whether it lives, and has this long to
 * answer. It is one thread that never blocks, but its guest may be slow. */
#define PING_AFTER_MS 2000
#define PING_TIMEOUT_MS 5000

/* libvirt has no event for a channel that becomes free. */
#define BUSY_RETRY_MIN_MS 50
#define BUSY_RETRY_MAX_MS 250

static void drop_channel(struct session *session)
{
	session->channel = channel_close(session->channel);
	session->ready = false;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	drop_channel(session);
	free(session);
}

unsigned session_hellos(const struct hotslot_domain *domain)
{
	return domain->session->hellos;
}

const struct hotslot_agent_info *session_info(const struct hotslot_domain *domain)
{
	return &domain->session->info;
}

void session_set_clear(struct hotslot_domain *domain, unsigned place)
{
	domain->session->clear_from = place;
}

void session_set_taken(struct hotslot_domain *domain, unsigned place)
{
	struct session *session = domain->session;

	if (session->clear_from >= 0 && session->clear_from <= place)
		session->clear_from = (int64_t)place + 1;
}

bool session_is_clear(struct hotslot_domain *domain, unsigned place)
{
	const struct session *session = domain->session;
	bool clear;

	if (!session->ready || session->clear_from < 0 || session->clear_from > place)
		return false;
	pthread_mutex_lock(&domain->events->lock);
	clear = channel_is_clear(session->channel, place);
	pthread_mutex_unlock(&domain->events->lock);
	return clear;
}

/* Waits a moment, or until the domain ends. */
static int pause_until(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error)
{
	int r;

	pthread_mutex_lock(&domain->events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 && now_ms() < until)
		events_wait(domain->events, until);
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

/* The event of a domain that ends comes after its channel has gone. */
static int channel_refused(
	struct hotslot_domain *domain, const char *reason, struct hotslot_error *error)
{
	int active = virDomainIsActive(domain->domain);

	/* A transient one is gone altogether. */
	if (active == 0 || (active < 0 && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN))
		return error_set(
			error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s has ended", domain->name);
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"Cannot open the agent's channel of domain %s: %s", domain->name, reason);
}

static int open_channel(
	struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	uint64_t interval = BUSY_RETRY_MIN_MS;

	for (;;) {
		char reason[CHANNEL_REASON_SIZE];
		int r = channel_open(
			domain->domain, domain->events, &domain->session->channel, reason);

		if (r == -EIO)
			return channel_refused(domain, reason, error);
		if (r == 0)
			return 0;
		if (now_ms() >= deadline)
			return error_set(error, HOTSLOT_ERROR_BUSY,
				"Somebody else speaks with the agent of domain %s", domain->name);
		r = pause_until(domain, session_earlier(now_ms() + interval, deadline), error);
		if (r < 0)
			return r;
		interval = session_earlier(2 * interval, BUSY_RETRY_MAX_MS);
	}
}

int session_send(struct channel *channel, json_t *frame)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = frame ? frame_format(frame, &text, &length) : -ENOMEM;

	json_decref(frame);
	return r < 0 ? r : channel_send(channel, text, length);
}

/* With the lock held. -ENOTCONN, with no error set: the agent is gone. */
static int keep_alive(struct session *session, uint64_t *ret_next)
{
	uint64_t now = now_ms(), heard = channel_heard(session->channel);

	if (heard < session->asked)
		heard = session->asked;
	if (session->pinged > heard) {
		*ret_next = session->pinged + PING_TIMEOUT_MS;
		return now >= *ret_next ? -ENOTCONN : 0;
	}
	*ret_next = heard + PING_AFTER_MS;
	if (now < *ret_next)
		return 0;
	session->pinged = now;
	*ret_next = now + PING_TIMEOUT_MS;
	return session_send(
		session->channel, json_pack("{s:s, s:s, s:s}", "execute", HOTSLOT_REQUEST_PING,
					  "id", "heartbeat", "session", session->nonce));
}

/* With the lock held. Returns 1 if the answer is there, 0 if it may still come; -ENOTCONN and
 * -ETIMEDOUT with no error set. */
static int check_answer(struct hotslot_domain *domain, uint64_t until, uint64_t *ret_next,
	struct hotslot_error *error)
{
	struct session *session = domain->session;
	int r = domain_check_alive(domain, error);

	if (r < 0)
		return r;
	switch (channel_state(session->channel)) {
	case CHANNEL_ANSWERED:
		return 1;
	case CHANNEL_BROKEN:
	case CHANNEL_REJECTED:
		return -ENOTCONN;
	case CHANNEL_MALFORMED:
		session->ready = false;
		return error_set(error, HOTSLOT_ERROR_AGENT,
			"The agent of domain %s sent a malformed frame: %s", domain->name,
			channel_reason(session->channel));
	case CHANNEL_QUIET:
		break;
	}
	if (now_ms() >= until)
		return -ETIMEDOUT;
	*ret_next = until;
	return session->ready ? keep_alive(session, ret_next) : 0;
}

/* With the lock held. */
int session_wait(
	struct hotslot_domain *domain, uint64_t until, json_t **ret, struct hotslot_error *error)
{
	for (;;) {
		uint64_t next = until;
		int r = check_answer(domain, until, &next, error);

		if (r < 0)
			return r;
		if (r > 0) {
			*ret = channel_take(domain->session->channel);
			return 0;
		}
		events_wait(domain->events, session_earlier(until, next));
	}
}

/* Sends one hello and waits for its answer. -ENOTCONN and -ETIMEDOUT with no error set. */
static int say_hello(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error)
{
	static const char resync[] = { (char)HOTSLOT_RESYNC };
	struct session *session = domain->session;
	json_t *answer = NULL;
	int r = hello_make_nonce(session->nonce);

	if (r < 0)
		return error_system(error, r, "Cannot make a nonce");
	pthread_mutex_lock(&domain->events->lock);
	channel_set_session(session->channel, session->nonce);
	channel_expect(session->channel, ++session->last_id);
	r = channel_send(session->channel, resync, sizeof(resync));
	if (r == 0)
		r = session_send(session->channel,
			hello_request(session->last_id, session->nonce, domain->generation));
	r = r < 0 ? -ENOTCONN : session_wait(domain, until, &answer, error);
	pthread_mutex_unlock(&domain->events->lock);
	if (r < 0)
		return r;
	r = hello_read(answer, session->nonce, &session->info, error);
	json_decref(answer);
	session->ready = r == 0;
	session->hellos += r == 0;
	session->clear_from = -1;
	return r;
}

static int no_hello(struct hotslot_domain *domain, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"The agent of domain %s does not answer: it does not run, or is busy with another "
		"client",
		domain->name);
}

static int greet(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	struct session *session = domain->session;
	uint64_t patience = HELLO_RETRY_MS;

	for (;;) {
		int r = 0;

		if (!session->channel)
			r = open_channel(domain, deadline, error);
		if (r == 0)
			r = say_hello(
				domain, session_earlier(now_ms() + patience, deadline), error);
		if (r != -ENOTCONN && r != -ETIMEDOUT)
			return r;
		/* open_channel() sets its errors. */
		if (error->code != HOTSLOT_ERROR_NONE)
			return r;
		if (now_ms() >= deadline)
			return no_hello(domain, error);
		if (r == -ENOTCONN) {
			/* A stream that ends at once again: the domain is about to end. */
			drop_channel(session);
			r = pause_until(domain,
				session_earlier(now_ms() + BUSY_RETRY_MIN_MS, deadline), error);
			if (r < 0)
				return r;
		}
		patience *= 2;
	}
}

/* Returns 1 if there was no session of this generation before. */
int session_connect(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	struct session *session = domain->session;
	bool broken;
	int r;

	if (!session) {
		session = domain->session = calloc(1, sizeof(*session));
		if (!session)
			return error_memory(error);
	}
	if (session->channel) {
		pthread_mutex_lock(&domain->events->lock);
		broken = channel_state(session->channel) == CHANNEL_BROKEN;
		pthread_mutex_unlock(&domain->events->lock);
		if (broken || strcmp(session->generation, domain->generation) != 0)
			drop_channel(session);
	}
	if (session->ready)
		return 0;
	snprintf(session->generation, sizeof(session->generation), "%s", domain->generation);
	r = greet(domain, deadline, error);
	return r < 0 ? r : 1;
}

int session_open(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read_checked(domain, &xml, error);

	if (r == 0)
		r = session_connect(domain, deadline, error);
	if (r < 0)
		return r;
	if (r > 0) {
		/* Somebody else may have changed the domain while we waited. */
		xml = domain_xml_free(xml);
		r = domain_read_checked(domain, &xml, error);
		if (r < 0)
			return r;
	}
	r = agreement_check(domain, xml, domain->session->info.controller, error);
	if (r < 0) {
		/* The guest may find it yet: the next call asks again. */
		domain->session->ready = false;
		return r;
	}
	*ret = steal_pointer(xml);
	return 0;
}
