/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to a libvirt that may hang: with a deadline. */
#pragma once

#include "client.h"

/* As client_connect(), which waits for as long as libvirt's daemon takes. HOTSLOT_ERROR_CONNECT
 * after TIMEOUT_MS; the attempt then goes on without a witness until it ends, or the program. */
int client_connect_within(struct client *client, unsigned timeout_ms, struct hotslot_error *error);
