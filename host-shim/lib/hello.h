/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hello that starts a session, and its answer. */
#pragma once

#include <jansson.h>

#include "hotslot.h"
#include "wire.h"

/* 128 random bits in hexadecimal. */
#define HELLO_NONCE_SIZE 33

int hello_make_nonce(char ret[HELLO_NONCE_SIZE]);

/* Offers all versions of the protocol that we speak. */
json_t *hello_request(json_int_t id, const char *nonce, const char *generation);

struct hello {
	struct hotslot_agent_info info;
	unsigned version;	 /* of the protocol, for this session */
	int64_t disks, released; /* see session_left(); -1: an older agent does not say,
				    or its guest has yet to find them */
	int renewed;		 /* this hello named another generation; -1: likewise */
	char previous[HOTSLOT_GENERATION_MAX + 1]; /* the last other one; empty: none */
};

/* Checks every member of the answer; HOTSLOT_ERROR_AGENT if one is not as it should be, or if there
 * is no version that both speak. NAME is the domain's. */
int hello_read(const json_t *answer, const char *nonce, const char *name, struct hello *ret,
	struct hotslot_error *error);
