/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may block, for who must not: the event loop. */
#pragma once

#include "connection.h"

/* Part of what it is about, which lives until RUN is done. */
struct errand {
	struct errand *next;
	void (*run)(void *data);
	void *data;
};

/* Has errand->run(errand->data) called from a thread, after those before it on this connection. The
 * errand is its own again when it runs. Returns a negative errno if there is no thread: it does not
 * run then. */
int errand_begin(struct hotslot *hotslot, struct errand *errand);
