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

/* How often the agent has answered a hello; the domain must be connected. */
unsigned session_hellos(const struct hotslot_domain *domain);

/* What the agent said in its hello; the domain must be connected. */
const struct hotslot_agent_info *session_info(const struct hotslot_domain *domain);

/* Sends a request and waits for its answer, a frame with "return" or "error", which the caller
 * decrefs. ARGUMENTS are taken over and get a "deadline" that ends at DEADLINE. If the agent or
 * the stream went meanwhile, connects and asks again: requests are idempotent. */
int session_request(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, json_t **ret, struct hotslot_error *error);

/* The agent said that the guest shows no disk at this place or above: its events tell of any that
 * comes, and an answer may before them. The last says whether that is so still; it saves an attach
 * the question. */
void session_set_clear(struct hotslot_domain *domain, unsigned place);
void session_set_taken(struct hotslot_domain *domain, unsigned place);
bool session_is_clear(struct hotslot_domain *domain, unsigned place);

/* Takes NULL. */
void session_free(struct session *session);

/* Sends a request behind those before it and forgets it: to undo what they may yet do, when their
 * answers do not come any more. Takes the reference. */
void session_request_unanswered(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline);

/* Sends a request before what it asks for can happen, so that the agent has it by then. The next
 * session_request() of the same EXECUTE, a constant, takes its answer; one of another forgets it.
 * Takes the reference. What fails is asked again then. */
void session_request_early(
	struct hotslot_domain *domain, const char *execute, json_t *arguments, uint64_t deadline);

/* What was asked early is not wanted any more. */
void session_forget_early(struct hotslot_domain *domain);
