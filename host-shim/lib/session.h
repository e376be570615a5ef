/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with a domain's agent: hello, requests, heartbeats, starting again. */
#pragma once

#include <jansson.h>

#include "domain.h"

struct session;

/* What the agent gets on top of a request's deadline to say that it has passed. */
#define SESSION_GRACE_MS 1000

/* Reads the live XML, checks it, and connects unless connected to this generation of the domain;
 * host and guest must manage the same controller.
 * Who has the session has the domain to himself: *ret is no older than the session. The caller
 * frees it. */
int session_open(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error);

/* The same for who is in no hurry, a watcher that had to let others talk: for the first second it
 * takes the turn only if nobody else has it or waits for it, so that it does not come between the
 * calls of a command. */
int session_open_politely(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error);

/* With the events' lock held, in a call or outside of any: whether the session is what it was when
 * the last call ended. It is not if another process asked for the agent (the event loop then ends
 * the session of an idle domain), the stream broke, the domain ended or went back to a snapshot.
 * Each of them notifies the events. */
bool session_is_alive(const struct hotslot_domain *domain);

/* Likewise. The session was given to another process that asked for the agent. */
bool session_is_given(const struct hotslot_domain *domain);

/* Likewise. Since the last call ended, the agent has said that what it was sent is no frame: it
 * has no session any more, or lies. */
bool session_is_rejected(const struct hotslot_domain *domain);

/* Whether other processes can ask for the session. In a call. */
bool session_has_turn(const struct hotslot_domain *domain);

/* What the agent had when it said hello: disks, and how many of them were released and not
 * unplugged; -1: an older agent, or one whose guest is starting, which does not say. The domain
 * must be connected. */
void session_left(const struct hotslot_domain *domain, int64_t *ret_disks, int64_t *ret_released);

/* Ends the session, if there is one. In a call. */
void session_end(struct hotslot_domain *domain);

/* Has the agent give up the last request, if it is under way still: it waits for nothing any more,
 * and a disk that it had begun to release is in use again. Its answer does not come any more. In a
 * call. */
void session_cancel(struct hotslot_domain *domain);

/* How often the agent has answered a hello; the domain must be connected. */
unsigned session_hellos(const struct hotslot_domain *domain);

/* What the agent said in its hello; the domain must be connected. */
const struct hotslot_agent_info *session_info(const struct hotslot_domain *domain);

/* Sends a request and waits for its answer, a frame with "return" or "error", which the caller
 * decrefs. ARGUMENTS are taken over and get a "deadline" that ends at DEADLINE. If the agent or
 * the stream went meanwhile, connects and asks again: requests are idempotent. */
int session_request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error);

/* Right after that: when the request was sent and its answer came, by now_us(). */
void session_exchanged(
	const struct hotslot_domain *domain, uint64_t *ret_sent, uint64_t *ret_received);

/* The agent said that the guest shows no disk at this place or above: its events tell of any that
 * comes, and an answer may before them. The last says whether that is so still, or whether they
 * told that the last disk at this place has gone; it saves an attach the question. */
void session_set_clear(struct hotslot_domain *domain, unsigned place);
void session_set_taken(struct hotslot_domain *domain, unsigned place);
bool session_is_clear(struct hotslot_domain *domain, unsigned place);

/* In a call: has domain->turn be the one that all who are connected to this daemon have. -ENOMEM.
 */
int session_find_turn(struct hotslot_domain *domain);

/* In a call: whether the next has something to do. Does not block. */
bool session_is_to_rest(const struct hotslot_domain *domain);

/* When a call ends: lets others talk if any wait for that. */
void session_rest(struct hotslot_domain *domain);

/* At the end of the domain. */
void session_free(struct hotslot_domain *domain);

/* Sends a request behind those before it and forgets it: to undo what they may yet do, when their
 * answers do not come any more. Takes the reference. */
void session_request_unanswered(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline);

/* Sends a request before what it asks for can happen, so that the agent has it by then. The next
 * session_request() of the same EXECUTE, a constant, and ARGUMENTS takes its answer. Takes the
 * reference. What fails is asked again then. */
void session_request_early(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline);

/* What was asked so is not wanted any more: it is canceled, if it is under way. Takes the
 * reference. */
void session_forget_early(struct hotslot_domain *domain, const char *execute, json_t *arguments);

/* Nor is anything else that was asked early, and whose answer nobody has taken: at the end of a
 * call, so that it is none to a request of the next. */
void session_forget_all_early(struct hotslot_domain *domain);
