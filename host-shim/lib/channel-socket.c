/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the host's end of the agent's port can still be connected to.
 *
 * QEMU accepts one connection at a time, and libvirt connects without a deadline and with the
 * domain locked: while somebody sits on the socket, one attempt too many hangs every call on the
 * domain, of everybody, until he goes.
 */
#include "channel-socket.h"

#include <string.h>

#include "util.h"

/* libvirt and QEMU listen with a backlog of 1, and the kernel lets one more wait. */
#define WAITING_MAX 2

/* Of a connection that was not accepted yet: the kernel's SS_CONNECTING. */
#define STATE_WAITING 2

/* Num RefCount Protocol Flags Type St Inode Path */
static bool is_waiting(const char *line, const char *path)
{
	unsigned state;
	int at = 0;

	if (sscanf(line, "%*s %*x %*x %*x %*x %x %*u %n", &state, &at) != 1 || at == 0)
		return false;
	return state == STATE_WAITING && strcmp(line + at, path) == 0;
}

unsigned channel_socket_waiting(FILE *sockets, const char *path)
{
	_cleanup_free_ char *line = NULL;
	unsigned waiting = 0;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, sockets)) > 0) {
		line[n - 1] = '\0';
		waiting += is_waiting(line, path);
	}
	return waiting;
}

bool channel_socket_is_full(FILE *sockets, const char *path)
{
	return channel_socket_waiting(sockets, path) >= WAITING_MAX;
}
