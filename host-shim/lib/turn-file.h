/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that stands for the turn to talk with a domain's agent: where it is, opened safely, and
 * removed. */
#pragma once

#include "util.h"

/* Where a user's directory of turns is to be, by the value of XDG_RUNTIME_DIR, which may be NULL:
 * the first choice, or the second for the case that the first one is not there or not his own.
 * Returns -ENOENT if there is none. */
#define TURN_BASE_SIZE 4096
int turn_file_base(const char *runtime, unsigned uid, bool second, char ret[static TURN_BASE_SIZE]);

/* Opens the file of this name in the caller's runtime directory, and makes it if it
 * is not there. Returns a descriptor, -ENOENT if there is no such directory, -EPERM if something is
 * not the caller's own, or another negative errno. */
int turn_file_open(const char *key);

/* Whether the file has been removed: a lock on it says nothing then. */
bool turn_file_is_gone(int fd);

/* Removes the file that FD is of, if the domain still has that one. Only for who has its turn. */
void turn_file_remove(const char *key, int fd);
