/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to a libvirt that may hang, and finding a domain there: with a deadline. */
#pragma once

#include "client.h"

/* Connects unless connected; the second finds a domain, too, which the caller unrefs.
 * HOTSLOT_ERROR_CONNECT after TIMEOUT_MS; the attempt then goes on without a witness until it ends,
 * or the program. */
int client_connect_within(struct client *client, unsigned timeout_ms, struct hotslot_error *error);
int client_look_up_within(struct client *client, const char *name, unsigned timeout_ms,
	struct hotslot_domain **ret, struct hotslot_error *error);
