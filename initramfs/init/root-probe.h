/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is on a block device that may be the root disk. */
#pragma once

/* A label or UUID that libblkid knows is at most 256 bytes. */
struct root_contents {
	char type[32];	/* "ext4"; empty if there is nothing */
	char usage[32]; /* "filesystem", "raid", "crypto", "other" */
	char label[257];
	char uuid[65];
};

/* As long as the agent's probe has for a disk: SCSI's own timeout for a command is 30 s. */
#define ROOT_PROBE_DEADLINE_MS 5000

/* Has libblkid look at NODE, in a child with no privileges: the disk may be a user's, with
 * anything on it. SIGCHLD must be blocked. Returns -ENOTUNIQ if there are signs of several things
 * at once, -ETIMEDOUT, -EIO. */
int root_probe(const char *node, struct root_contents *ret);
