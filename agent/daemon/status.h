/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent says of itself: in its answers to hello and status. */
#pragma once

#include "server.h"

/* Each returns a new reference, or NULL without memory. */

/* The versions of the protocol that the agent speaks. */
json_t *status_versions(void);

/* The answer to the hello that the session has begun with. */
json_t *status_hello(const struct server *server);

/* The answer to status. */
json_t *status_report(const struct server *server);
