/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with a domain's agent: hello, requests, heartbeats, starting again. */
#include "session-state.h"

#include <string.h>

#include "agreement.h"
#include "channel.h"
#include "domain-ask.h"
#include "error.h"
#include "hello.h"
#include "job.h"
#include "repair.h"

/* The first hello may meet an agent that is about to be restarted, or a QEMU that keeps the answer
 * (see reopen_later()): within half of the shortest time that anybody gives a command. Each further
 * one waits twice as long, so that a slow agent catches up. */
#define HELLO_RETRY_MS 1000

/* A stream that ends at once again: the domain is about to end. */
#define REOPEN_MS 50

/* An agent that says nothing for this long is asked whether it lives, and has this long to
 * answer. It is one thread that never blocks, but its guest may be slow. */
#define PING_AFTER_MS 2000
#define PING_TIMEOUT_MS 5000

void session_free(struct hotslot_domain *domain)
{
	if (!domain->session)
		return;
	session_drop(domain);
	session_clear_early(domain->session);
	free(domain->session);
}

void session_set_ready(struct hotslot_domain *domain, bool ready)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->session->ready = ready;
	pthread_mutex_unlock(&domain->events->lock);
}

unsigned session_hellos(const struct hotslot_domain *domain)
{
	return domain->session->hellos;
}

const struct hotslot_agent_info *session_info(const struct hotslot_domain *domain)
{
	return &domain->session->hello.info;
}

void session_left(const struct hotslot_domain *domain, int64_t *ret_disks, int64_t *ret_released)
{
	*ret_disks = domain->session->hello.disks;
	*ret_released = domain->session->hello.released;
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
	pthread_mutex_lock(&domain->events->lock);
	if (session->channel)
		channel_set_taken(session->channel, place);
	pthread_mutex_unlock(&domain->events->lock);
}

bool session_is_clear(struct hotslot_domain *domain, unsigned place)
{
	const struct session *session = domain->session;
	bool asked = session->clear_from >= 0 && session->clear_from <= place;
	const struct disks_told *told;
	bool clear;

	if (!session->ready)
		return false;
	pthread_mutex_lock(&domain->events->lock);
	told = channel_told(session->channel);
	clear = told &&
		((asked && disks_told_is_clear(told, place)) ||
			disks_told_is_vacant(told, place)) &&
		!domain->events->disconnected && session->boots == events_boots(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
	return clear;
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
	/* What it says now, it may have said long ago; or it is not there any more. */
	if (session->boots != events_boots(domain->events) || domain->events->disconnected)
		return -ENOTCONN;
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
			*ret = channel_take(
				domain->session->channel, &domain->session->answered_us);
			return 0;
		}
		events_wait(domain->events, earlier(until, next));
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
	strcpy(session->generation, domain->generation);
	session_clear_early(session);
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
	r = hello_read(answer, session->nonce, domain->name, &session->hello, error);
	json_decref(answer);
	session_set_ready(domain, r == 0);
	session->hellos += r == 0;
	session->clear_from = -1;
	return r;
}

/* Which run of the guest's memory the session is with. */
static void mark(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->session->boots = events_boots(domain->events);
	domain->session->stops = domain->events->stops;
	pthread_mutex_unlock(&domain->events->lock);
}

const char *session_standstill(struct hotslot_domain *domain)
{
	int state, reason;

	if (domain_get_state(domain, &state, &reason) < 0)
		return NULL;
	if (state == VIR_DOMAIN_PMSUSPENDED)
		return "it sleeps, 'virsh dompmwakeup' wakes it up";
	if (state != VIR_DOMAIN_PAUSED)
		return NULL;
	if (reason == VIR_DOMAIN_PAUSED_IOERROR)
		return "it is paused, as an image could not be read or written; when that is "
		       "mended, 'virsh resume' lets it go on";
	if (domain_pause_passes(reason))
		return "libvirt has paused it for a while";
	return "it is paused, 'virsh resume' lets it go on";
}

static int no_hello(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const char *standstill = session_standstill(domain);
	int r;

	if (standstill)
		r = error_set(error, HOTSLOT_ERROR_AGENT, "The guest of domain %s stands still: %s",
			domain->name, standstill);
	else
		r = error_set(error, HOTSLOT_ERROR_AGENT,
			"The agent of domain %s does not answer: it does not run, or is busy with "
			"another client",
			domain->name);
	job_explain(domain, error);
	return r;
}

/* A stream may bring nothing though it is whole. If QEMU 7.2 finds out by writing that the client
 * before was gone, as the domain was paused or its guest did not read, it throttles the port after
 * that (flush_buf() in its hw/char/virtio-console.c), until the next client is gone, too: it passes
 * on what that one says, and not the answers. */
static int reopen_later(struct hotslot_domain *domain, uint64_t pause_ms, uint64_t deadline,
	struct hotslot_error *error)
{
	session_drop(domain);
	mark(domain);
	if (pause_ms == 0)
		return 0;
	return domain_pause(domain, earlier(now_ms() + pause_ms, deadline), error);
}

static int greet(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	struct session *session = domain->session;
	uint64_t patience = HELLO_RETRY_MS;

	for (;;) {
		int r = 0;

		if (!session->channel) {
			r = session_open_channel(domain, deadline, error);
			/* Maybe on a new connection to libvirt. */
			mark(domain);
		}
		if (r == 0)
			r = say_hello(domain, earlier(now_ms() + patience, deadline), error);
		if (r != -ENOTCONN && r != -ETIMEDOUT)
			return r;
		/* session_open_channel() sets its errors. */
		if (error->code != HOTSLOT_ERROR_NONE)
			return r;
		if (now_ms() >= deadline)
			return no_hello(domain, error);
		if (r == -ENOTCONN || !domain->booting)
			r = reopen_later(domain, r == -ENOTCONN ? REOPEN_MS : 0, deadline, error);
		if (error->code != HOTSLOT_ERROR_NONE)
			return r;
		patience *= 2;
	}
}

/* A watcher looks for it at any time. */
static struct session *make(struct hotslot_domain *domain)
{
	struct session *session = calloc(1, sizeof(*session));

	pthread_mutex_lock(&domain->events->lock);
	domain->session = session;
	pthread_mutex_unlock(&domain->events->lock);
	return session;
}

/* Returns 1 if there was no session of this generation before. */
int session_connect(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	struct session *session = domain->session;
	bool broken;
	int r;

	if (!session)
		session = make(domain);
	if (!session)
		return error_memory(error);
	if (session->channel) {
		pthread_mutex_lock(&domain->events->lock);
		broken = channel_state(session->channel) == CHANNEL_BROKEN ||
			 session->boots != events_boots(domain->events) ||
			 session->stops != domain->events->stops || domain->events->disconnected;
		pthread_mutex_unlock(&domain->events->lock);
		if (broken || strcmp(session->generation, domain->generation) != 0)
			session_drop(domain);
	}
	if (session->ready)
		return 0;
	mark(domain);
	r = greet(domain, deadline, error);
	return r < 0 ? r : 1;
}

int session_open(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read_checked(domain, &xml, error);

	bool begun;

	if (r == 0)
		r = session_connect(domain, deadline, error);
	if (r < 0)
		return repair_advise(domain, xml, r, error);
	begun = r > 0;
	if (begun) {
		/* Somebody else may have changed the domain while we waited. */
		xml = domain_xml_free(xml);
		r = domain_read_checked(domain, &xml, error);
		if (r < 0)
			return r;
	}
	r = agreement_check(domain, xml, domain->session->hello.info.controller, error);
	if (r < 0) {
		/* The guest may find it yet: the next call asks again. */
		session_set_ready(domain, false);
		return r;
	}
	if (begun && !domain->booting && !domain->repairing)
		r = repair_begun(domain, deadline, &xml, error);
	if (r < 0)
		return r;
	*ret = steal_pointer(xml);
	return 0;
}

int session_open_politely(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error)
{
	domain->polite = true;
	return session_open(domain, deadline, ret, error);
}
