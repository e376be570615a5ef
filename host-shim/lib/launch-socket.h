/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The socket that a process listens on for as long as it launches a domain, so that others can tell
 * a launch that is under way from one that was broken off in a process that goes on. Its name is
 * abstract (unix(7)): it goes with the process, and other users can ask for it.
 */
#pragma once

#include "util.h"

/* 128 random bits in hexadecimal, with the NUL. */
#define LAUNCH_SOCKET_SIZE 33

/* Returns a descriptor. */
int launch_socket_open(char ret_name[static LAUNCH_SOCKET_SIZE]);

/* For the cleanup attribute; *FD may be negative. */
void launch_socket_closep(int *fd);

#define _cleanup_launch_socket_ _cleanup_(launch_socket_closep)

bool launch_socket_is_name(const char *text);

/* Returns 1 if somebody in the caller's network namespace listens on NAME, 0 if nobody does, or a
 * negative errno if that cannot be told. */
int launch_socket_ask(const char *name);
