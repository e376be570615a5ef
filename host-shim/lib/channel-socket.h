/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the host's end of the agent's port can still be connected to. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Whether so many connections to the socket at PATH wait to be accepted, in SOCKETS, which is in
 * the format of /proc/net/unix, that another one would. */
bool channel_socket_is_full(FILE *sockets, const char *path);

/* How many do: with one of ours among them, another program has what is accepted. */
unsigned channel_socket_waiting(FILE *sockets, const char *path);
