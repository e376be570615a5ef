/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hello that starts a session, and its answer. */
#pragma once

#include <jansson.h>

#include "hotslot.h"

/* 128 random bits in hexadecimal. */
#define HELLO_NONCE_SIZE 33

int hello_make_nonce(char ret[HELLO_NONCE_SIZE]);

json_t *hello_request(json_int_t id, const char *nonce, const char *generation);

/* Checks every member of the answer; HOTSLOT_ERROR_AGENT if one is not as it should be. */
int hello_read(const json_t *answer, const char *nonce, struct hotslot_agent_info *ret,
	struct hotslot_error *error);
