/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that stands for the turn to talk with a domain's agent: where it is, opened safely. */
#pragma once

/* Opens the file of the domain with this UUID in the caller's runtime directory, and makes it if it
 * is not there. Returns a descriptor, -ENOENT if there is no such directory, -EPERM if something is
 * not the caller's own, or another negative errno. */
int turn_file_open(const char *uuid);
