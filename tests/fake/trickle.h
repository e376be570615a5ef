/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer that comes a byte a second: of the test double tests/vm/fake-agent.c. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "port.h"

struct trickle {
	char *text; /* the answer; NULL: none is under way */
	size_t length, sent;
	uint64_t at; /* now_ms(): the next byte's time */
};

void trickle_start(struct trickle *trickle, const json_t *answer);

/* Sends the next byte if it is time, and if there is one. */
void trickle_continue(struct trickle *trickle, struct port *port);

void trickle_stop(struct trickle *trickle);
