/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Getting at the agent's channel: the turn first, then the stream; and giving them back. */
#include <libvirt/virterror.h>
#include <string.h>

#include "channel-socket.h"
#include "domain-ask.h"
#include "ended.h"
#include "error.h"
#include "host.h"
#include "session-state.h"
#include "turn.h"

/* A domain's UUID and its host's. */
#define TURN_KEY_SIZE (2 * VIR_UUID_STRING_BUFLEN)

/* libvirt has no event for a channel that becomes free of somebody who is not in the line. */
#define BUSY_RETRY_MIN_MS 50
#define BUSY_RETRY_MAX_MS 250

/* Who is in no hurry lets a command that makes several calls make them. */
#define POLITE_MS 1000

void session_drop(struct hotslot_domain *domain)
{
	struct session *session = domain->session;
	struct channel *channel = session->channel;

	session_say_bye(domain);
	pthread_mutex_lock(&domain->events->lock);
	session->channel = NULL;
	session->ready = false;
	events_notify(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
	channel_close(channel);
}

void session_end(struct hotslot_domain *domain)
{
	if (domain->session)
		session_drop(domain);
	if (domain->turn)
		turn_give(domain->turn);
}

bool session_is_to_rest(const struct hotslot_domain *domain)
{
	bool open = domain->session && domain->session->channel;

	return domain->turn && turn_is_held(domain->turn) &&
	       (!open || turn_is_wanted(domain->turn));
}

void session_rest(struct hotslot_domain *domain)
{
	session_forget_all_early(domain);
	if (session_is_to_rest(domain))
		session_end(domain);
}

/* Domains of one UUID on two hosts are nothing to each other. Who is connected to one daemon is
 * told the same host; a daemon that has been started anew may tell another one. */
int session_find_turn(struct hotslot_domain *domain)
{
	struct host host;
	char key[TURN_KEY_SIZE];

	host_read(domain, &host);
	snprintf(key, sizeof(key), "%s%s%s", domain->uuid, *host.uuid ? "@" : "", host.uuid);
	if (domain->turn && strcmp(turn_key(domain->turn), key) != 0)
		domain->turn = turn_free(domain->turn);
	if (!domain->turn)
		domain->turn = turn_new(key, domain_poked, domain);
	return domain->turn ? 0 : -ENOMEM;
}

bool session_is_alive(const struct hotslot_domain *domain)
{
	const struct session *session = domain->session;
	enum channel_state state;

	if (!session || !session->channel || !session->ready)
		return false;
	state = channel_state(session->channel);
	return (state == CHANNEL_QUIET || state == CHANNEL_ANSWERED) &&
	       session->boots == events_boots(domain->events) &&
	       session->stops == domain->events->stops && !domain->events->disconnected;
}

bool session_is_given(const struct hotslot_domain *domain)
{
	return !domain->session || !domain->session->channel;
}

bool session_is_rejected(const struct hotslot_domain *domain)
{
	const struct session *session = domain->session;

	return !domain->calling && session && session->channel && session->ready &&
	       channel_state(session->channel) == CHANNEL_REJECTED;
}

bool session_has_turn(const struct hotslot_domain *domain)
{
	return domain->turn && turn_is_held(domain->turn);
}

/* As domain_pause(), or until something happens to the file of the turn. */
static int wait_poked(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error)
{
	int r;

	pthread_mutex_lock(&domain->events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 && !domain->poked && now_ms() < until)
		events_wait(domain->events, until);
	domain->poked = false;
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

static int turn_is_taken(struct hotslot_domain *domain, struct hotslot_error *error)
{
	pid_t pid = turn_holder(domain->turn);

	if (pid == getpid())
		return error_set(error, HOTSLOT_ERROR_BUSY,
			"Another connection of this process speaks with the agent of domain %s, "
			"and did not stop in time",
			domain->name);
	if (pid > 0)
		return error_set(error, HOTSLOT_ERROR_BUSY,
			"Process %d speaks with the agent of domain %s, and did not stop in time: "
			"wait until it is done, or, if it hangs or is stopped, continue or end it",
			(int)pid, domain->name);
	return error_set(error, HOTSLOT_ERROR_BUSY,
		"Another process of this user speaks with the agent of domain %s, and did not stop "
		"in time",
		domain->name);
}

static int wait_for_turn(struct hotslot_domain *domain, uint64_t deadline, uint64_t queue_at,
	struct hotslot_error *error)
{
	for (;;) {
		uint64_t again, now = now_ms();
		int r;

		if (now >= queue_at) {
			turn_queue(domain->turn);
			queue_at = UINT64_MAX;
		}
		if (turn_try(domain->turn, &again) == 0)
			return 0;
		if (now >= deadline)
			return turn_is_taken(domain, error);
		again = earlier(again, queue_at);
		r = wait_poked(domain, earlier(again, deadline), error);
		if (r < 0)
			return r;
	}
}

/* Where there is no directory for turns, nothing is wrong: see hotslot(1), CONCURRENCY. */
static void tell_of_problem(const struct hotslot_domain *domain)
{
	int r = turn_problem(domain->turn);

	if (r < 0 && r != -ENOENT && r != -EPERM)
		connection_notice(domain->hotslot,
			"Other processes cannot wait for their turn to speak with the agent of "
			"domain %s: %s",
			domain->name, strerror(-r));
}

static int take_turn(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	uint64_t again, now = now_ms();
	int r;

	if (session_find_turn(domain) < 0)
		return error_memory(error);
	r = turn_try(domain->turn, &again);
	tell_of_problem(domain);
	if (r == 0)
		return 0;
	r = wait_for_turn(domain, deadline, domain->polite ? now + POLITE_MS : now, error);
	if (r < 0)
		turn_give(domain->turn);
	return r;
}

/* On another connection. By now it may be another run of the domain, of another generation. */
static int follow(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_is_lost(domain) ? domain_reopen(domain, error) : 0;

	if (r == 0)
		r = domain_read(domain, &xml, error);
	return r < 0 ? r : take_turn(domain, deadline, error);
}

/* The event of a domain that ends comes after its channel has gone. Returns 0 if it was the daemon
 * that has gone, and there is another one. */
static int channel_refused(
	struct hotslot_domain *domain, const char *reason, struct hotslot_error *error)
{
	unsigned link = domain->link;
	int active = domain_is_active(domain);

	/* A transient one is gone altogether. */
	if (active == 0 || (active < 0 && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN))
		return ended(domain, error);
	if (domain->link != link)
		return 0;
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"Cannot open the agent's channel of domain %s: %s", domain->name, reason);
}

/* Of a domain on another host it cannot be told. */
static bool is_full(const struct hotslot_domain *domain)
{
	_cleanup_fclose_ FILE *sockets = NULL;

	if (!domain->hotslot->local || !domain->socket[0])
		return false;
	sockets = fopen("/proc/net/unix", "re");
	return sockets && channel_socket_is_full(sockets, domain->socket);
}

int session_open_channel(
	struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	uint64_t interval = BUSY_RETRY_MIN_MS;
	int r = domain_is_lost(domain) ? follow(domain, deadline, error)
				       : take_turn(domain, deadline, error);

	while (r == 0) {
		struct channel *channel;
		char reason[CHANNEL_REASON_SIZE];

		r = is_full(domain) ? -EBUSY
				    : channel_open(domain->hotslot, domain->domain, domain->events,
					      &channel, reason);
		if (r == -EIO) {
			r = domain_is_lost(domain) ? 0 : channel_refused(domain, reason, error);
			if (r == 0)
				r = follow(domain, deadline, error);
			continue;
		}
		if (r == 0) {
			pthread_mutex_lock(&domain->events->lock);
			domain->session->channel = channel;
			pthread_mutex_unlock(&domain->events->lock);
			return 0;
		}
		if (now_ms() >= deadline)
			return error_set(error, HOTSLOT_ERROR_BUSY,
				"Somebody else speaks with the agent of domain %s: another user, "
				"or a program that opened its channel",
				domain->name);
		r = domain_pause(domain, earlier(now_ms() + interval, deadline), error);
		interval = earlier(2 * interval, BUSY_RETRY_MAX_MS);
	}
	return r;
}
