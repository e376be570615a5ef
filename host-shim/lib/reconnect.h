/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An embedded driver's reconnecting to the guests that run: who has to wait for it. */
#pragma once

#include "domain.h"

/* The driver does so in threads of its own when it is opened, each with a job on its domain, and
 * that of a QEMU that hangs does not end. */
struct reconnects *reconnects_begin(virConnectPtr connection);

/* Takes NULL and returns NULL. Gives those that are still under way a moment. */
struct reconnects *reconnects_end(struct reconnects *reconnects);

/* Whether that of the domain is over by then. RECONNECTS may be NULL: there are none. */
bool reconnects_await(const struct reconnects *reconnects, const char *uuid, uint64_t deadline);

/* The same within a moment, for who can do without. */
bool reconnects_await_moment(const struct reconnects *reconnects, const char *uuid);

/* Before a call on the domain that uses it: HOTSLOT_ERROR_TIMEOUT at the deadline. */
int reconnects_finish(
	struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error);
