/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the agent's answers, for guest.c and its parts alone. */
#pragma once

#include <jansson.h>

#include "guest.h"

/* Sets the error that WHAT in an answer is not as the protocol has it. */
int guest_malformed(
	const struct hotslot_domain *domain, struct hotslot_error *error, const char *what);

/* Whether the error that the agent refused a request with is of this class. */
bool guest_refused_as(const json_t *refusal, const char *class);

/* How a request names the place of a disk. */
const char *guest_place_key(uint64_t place);

/* Takes a disk's record. The caller frees *ret with record_free(). */
int guest_read_record(const struct hotslot_domain *domain, const json_t *json, struct record **ret,
	struct hotslot_error *error);

/* Sets the error for a request that the agent has refused. */
int guest_refused(const struct hotslot_domain *domain, const char *execute, const json_t *refusal,
	struct hotslot_error *error);
