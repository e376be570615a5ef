/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests of the protocol: one handler each. */
#pragma once

#include <jansson.h>

#include "server.h"

/* Handles a frame that is a JSON object: answers it, has it wait, or drops it. */
void request_handle(struct server *server, const json_t *request);
