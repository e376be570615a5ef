/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes from the probe's child all that reading one descriptor does not need. */
#pragma once

/* What the parser of a hostile disk may allocate on top of what the agent has: libblkid's reads
 * for one disk add up to less than 4 MiB. */
#define PROBE_MEMORY_MAX (32 * 1024 * 1024)

/* In here the disk is this descriptor, and the only one. */
#define PROBE_SANDBOX_FD 0

/* Locks the calling process in, with FD open: no other descriptors, an empty root directory, user
 * nobody if it was root, limits on memory and time, and a seccomp filter that lets it read FD,
 * allocate memory and exit. All else fails, and what only an intruder would try ends it. Not to be
 * undone. On failure the process is locked in half, and should exit. */
int probe_sandbox_enter(int fd, unsigned cpu_seconds);
