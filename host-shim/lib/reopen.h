/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a connection anew whose daemon has gone. */
#pragma once

#include "connection.h"

/* Without a daemon that could go, a connection is always alive. */
bool reopen_is_needed(virConnectPtr connection);

/* After a call of libvirt has failed: whether the daemon may have gone. To ask whether it is needed
 * makes libvirt forget its error, which the second has it say again, of a connection that is gone.
 */
bool reopen_may_help(void);
void reopen_say_again(virConnectPtr connection);

/* Has the connection's link be another one than number LOST, waiting for a daemon that is about to
 * start until DEADLINE; HOTSLOT_ERROR_CONNECT then. */
int reopen(struct hotslot *hotslot, unsigned lost, uint64_t deadline, struct hotslot_error *error);

/* The same unless the newest link is alive. The caller closes *ret. */
int reopen_get(struct hotslot *hotslot, uint64_t deadline, virConnectPtr *ret,
	struct hotslot_error *error);

/* In a loop around a call of libvirt that has failed: returns true if that was because the daemon
 * has gone, and *CONNECTION, of HOTSLOT, is a new one by now. Otherwise libvirt's error tells why
 * not. */
bool reopen_again(struct hotslot *hotslot, virConnectPtr *connection, uint64_t deadline);

/* At the end of the connection. */
void reopen_done(struct hotslot *hotslot);
