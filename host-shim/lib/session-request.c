/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests in a session with a domain's agent: sent, sent early, asked again. */
#include <string.h>

#include "error.h"
#include "session-state.h"

/* Before what got no answer is asked again: an agent that refuses all that it hears is not asked
 * without end. */
#define ASK_AGAIN_MS 50

/* How long the agent may take to answer a bye. Nothing is wrong if it does not. */
#define BYE_MS 250

static uint64_t milliseconds_left(uint64_t deadline)
{
	uint64_t now = now_ms();

	return deadline > now ? earlier(deadline - now, HOTSLOT_DEADLINE_MAX_MS) : 1;
}

/* With the lock held. */
static int send_frame(struct hotslot_domain *domain, const char *execute, json_t *arguments)
{
	struct session *session = domain->session;

	session->asked_us = now_us();
	session->asked = session->asked_us / 1000;
	return session_send(session->channel,
		json_pack("{s:s, s:O, s:I, s:s}", "execute", execute, "arguments", arguments, "id",
			session->last_id, "session", session->nonce));
}

/* With the lock held. */
static int send_request(struct hotslot_domain *domain, const char *execute, json_t *arguments)
{
	struct session *session = domain->session;

	session->awaited = ++session->last_id;
	channel_expect(session->channel, session->awaited);
	return send_frame(domain, execute, arguments);
}

/* With the lock held. An agent that does not know this does no harm by saying so. */
static void send_cancel(struct session *session, json_int_t id)
{
	json_t *frame = json_pack("{s:s, s:{s:I}, s:I, s:s}", "execute", HOTSLOT_REQUEST_CANCEL,
		"arguments", "id", id, "id", ++session->last_id, "session", session->nonce);

	(void)session_send(session->channel, frame);
}

/* With the lock held. */
static void await_early(struct session *session, const struct early *early)
{
	session->awaited = early->id;
	session->asked_us = early->sent;
	channel_await_early(session->channel, early->id);
}

/* Asks once, or takes the answer of a request that was sent EARLY, NULL: of none. -ENOTCONN and
 * -ETIMEDOUT with no error set. */
static int ask(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	const struct early *early, uint64_t deadline, json_t **ret, struct hotslot_error *error)
{
	int r = 0;

	pthread_mutex_lock(&domain->events->lock);
	if (early)
		await_early(domain->session, early);
	else
		r = send_request(domain, execute, arguments);
	r = r < 0 ? -ENOTCONN : session_wait(domain, deadline + SESSION_GRACE_MS, ret, error);
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

void session_say_bye(struct hotslot_domain *domain)
{
	json_t *arguments = json_object(), *answer = NULL;
	struct hotslot_error ignored = {};

	pthread_mutex_lock(&domain->events->lock);
	if (arguments && session_is_alive(domain) &&
		send_request(domain, HOTSLOT_REQUEST_BYE, arguments) == 0)
		(void)session_wait(domain, now_ms() + BYE_MS, &answer, &ignored);
	pthread_mutex_unlock(&domain->events->lock);
	json_decref(answer);
	json_decref(arguments);
}

static void remove_early(struct session *session, size_t i)
{
	json_decref(session->early[i].arguments);
	session->early[i] = session->early[--session->n_early];
}

void session_clear_early(struct session *session)
{
	while (session->n_early > 0)
		remove_early(session, session->n_early - 1);
}

/* Whether there is such a request; it is not early any more. RET->arguments is NULL. */
static bool take_early(
	struct session *session, const char *execute, const json_t *arguments, struct early *ret)
{
	for (size_t i = 0; i < session->n_early; i++) {
		if (strcmp(session->early[i].execute, execute) != 0 ||
			!json_equal(session->early[i].arguments, arguments))
			continue;
		*ret = session->early[i];
		ret->arguments = NULL;
		remove_early(session, i);
		return true;
	}
	return false;
}

static int set_deadline(json_t *arguments, uint64_t deadline)
{
	return json_object_set_new(
		arguments, "deadline", json_integer((json_int_t)milliseconds_left(deadline)));
}

static int no_answer(
	struct hotslot_domain *domain, const char *execute, struct hotslot_error *error)
{
	const char *standstill = session_standstill(domain);
	int r = error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"The agent of domain %s did not answer the request '%s' in time", domain->name,
		execute);

	if (standstill)
		error_append(error, "; the guest stands still: %s", standstill);
	return r;
}

static int request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error)
{
	/* Some are to be answered before the deadline. */
	bool sooner = json_object_get(arguments, "deadline") != NULL;

	for (;;) {
		int r = session_connect(domain, deadline, error);
		struct early taken;
		bool early;

		if (r < 0)
			return r;
		early = take_early(domain->session, execute, arguments, &taken);
		if (!sooner && set_deadline(arguments, deadline) < 0)
			return error_memory(error);
		r = ask(domain, execute, arguments, early ? &taken : NULL, deadline, ret, error);
		/* What was asked too early is asked again. */
		if (r == 0 && early && json_object_get(*ret, "error")) {
			json_decref(*ret);
			continue;
		}
		if (r == 0 || error->code != HOTSLOT_ERROR_NONE)
			return r;
		if (r == -ETIMEDOUT || now_ms() >= deadline) {
			session_cancel(domain);
			session_set_ready(domain, false);
			return no_answer(domain, execute, error);
		}
		session_set_ready(domain, false);
		r = domain_pause(domain, earlier(now_ms() + ASK_AGAIN_MS, deadline), error);
		if (r < 0)
			return r;
	}
}

/* With the lock held. ASKED: the arguments, and the deadline. */
static void send_early(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, json_t *asked)
{
	struct session *session = domain->session;
	json_int_t id = ++session->last_id;

	if (channel_expect_early(session->channel, id) < 0)
		return;
	if (send_frame(domain, execute, asked) < 0)
		channel_forget_early(session->channel, id);
	else
		session->early[session->n_early++] =
			(struct early){ execute, json_incref(arguments), id, session->asked_us };
}

void session_request_early(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline)
{
	struct session *session = domain->session;
	json_t *asked = arguments ? json_copy(arguments) : NULL;

	if (asked && session && session->ready && session->n_early < ARRAY_SIZE(session->early) &&
		set_deadline(asked, deadline) == 0) {
		pthread_mutex_lock(&domain->events->lock);
		send_early(domain, execute, arguments, asked);
		pthread_mutex_unlock(&domain->events->lock);
	}
	json_decref(asked);
	json_decref(arguments);
}

int session_request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error)
{
	int r = arguments ? request(domain, execute, arguments, deadline, ret, error)
			  : error_memory(error);

	json_decref(arguments);
	return r;
}

void session_exchanged(
	const struct hotslot_domain *domain, uint64_t *ret_sent, uint64_t *ret_received)
{
	*ret_sent = domain->session->asked_us;
	*ret_received = domain->session->answered_us;
}

void session_request_unanswered(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline)
{
	struct session *session = domain->session;

	if (arguments && session && session->channel && set_deadline(arguments, deadline) == 0) {
		pthread_mutex_lock(&domain->events->lock);
		(void)send_request(domain, execute, arguments);
		pthread_mutex_unlock(&domain->events->lock);
	}
	json_decref(arguments);
}

void session_forget_early(struct hotslot_domain *domain, const char *execute, json_t *arguments)
{
	struct session *session = domain->session;
	struct early early;
	bool found = session && arguments && take_early(session, execute, arguments, &early);

	json_decref(arguments);
	if (!found || !session->ready || !session->channel)
		return;
	pthread_mutex_lock(&domain->events->lock);
	channel_forget_early(session->channel, early.id);
	send_cancel(session, early.id);
	pthread_mutex_unlock(&domain->events->lock);
}

void session_forget_all_early(struct hotslot_domain *domain)
{
	struct session *session = domain->session;

	if (!session || session->n_early == 0)
		return;
	pthread_mutex_lock(&domain->events->lock);
	for (size_t i = 0; session->channel && i < session->n_early; i++) {
		channel_forget_early(session->channel, session->early[i].id);
		if (session->ready)
			send_cancel(session, session->early[i].id);
	}
	pthread_mutex_unlock(&domain->events->lock);
	session_clear_early(session);
}

void session_cancel(struct hotslot_domain *domain)
{
	struct session *session = domain->session;

	if (!session || !session->channel || !session->ready)
		return;
	pthread_mutex_lock(&domain->events->lock);
	send_cancel(session, session->awaited);
	pthread_mutex_unlock(&domain->events->lock);
}
