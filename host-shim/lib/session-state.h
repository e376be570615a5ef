/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session is, for session*.c and for who repairs nothing, doctor-agent.c, alone. */
#pragma once

#include "answers.h"
#include "channel.h"
#include "hello.h"
#include "session.h"

/* A request that session_request_early() has sent. */
struct early {
	const char *execute;
	json_t *arguments; /* without the deadline */
	json_int_t id;
	uint64_t sent; /* now_us() */
};

struct session {
	struct channel *channel;
	/* The agent has answered the hello. Written under the events' lock, where watchers read. */
	bool ready;
	char generation[HOTSLOT_GENERATION_MAX + 1];
	char nonce[HELLO_NONCE_SIZE];
	unsigned hellos; /* answered */
	json_int_t last_id;
	int64_t clear_from; /* no disk at this place or above when asked, -1: not known */
	json_int_t awaited; /* the request that was waited for last */
	struct early early[ANSWERS_MAX];
	size_t n_early;
	uint64_t asked;	       /* when the last request was sent */
	uint64_t asked_us;     /* the same by now_us() */
	uint64_t answered_us;  /* and when the last answer came */
	uint64_t pinged;       /* when the last heartbeat was sent */
	unsigned boots, stops; /* of the events, when it began */
	struct hello hello;
};

/* Returns 1 if there was no session of this generation before, 0 if there was. */
int session_connect(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);

/* Takes the turn, waiting for it, and then opens the channel. The turn is kept if that fails. */
int session_open_channel(
	struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);

/* Why the guest does not run, and what to do, as the rest of a line; NULL: nothing is known. */
const char *session_standstill(struct hotslot_domain *domain);

/* Forgets what was sent early: the agent has, too, or will. */
void session_clear_early(struct session *session);

void session_set_ready(struct hotslot_domain *domain, bool ready);

/* QEMU 7.2 loses one of the port's 128 buffers for good each time the agent writes to who has gone,
 * until none is left and no answer comes any more: asks it to write no more, and waits a moment for
 * its answer. Without a session that is alive, does nothing. */
void session_say_bye(struct hotslot_domain *domain);

/* Closes the channel and keeps the turn. */
void session_drop(struct hotslot_domain *domain);

/* With the lock held, as the next. Takes the reference to FRAME, which may be NULL. */
int session_send(struct channel *channel, json_t *frame);

/* Waits for the answer that the channel expects. -ENOTCONN and -ETIMEDOUT with no error set. */
int session_wait(
	struct hotslot_domain *domain, uint64_t until, json_t **ret, struct hotslot_error *error);
