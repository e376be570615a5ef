/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts that a process sees. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mountinfo.h"
#include "view.h"

struct mounts {
	const char *process; /* whose, as /proc calls it; belongs to the caller */
	struct mount *mounts;
	size_t n;
	char *text; /* what the mounts point into */
};

/* Reads the mount table of PROCESS ("1", "self") as text. The caller frees *ret. */
int mounts_read(const struct view *view, const char *process, char **ret, size_t *ret_length);

/* Parses such a text, which *ret then owns, also if that fails. Returns a negative errno, -EBADMSG
 * for a line of another shape. mounts_done() frees it. */
int mounts_parse(const char *process, char *text, size_t length, struct mounts *ret);
void mounts_done(struct mounts *mounts);

/* The mount with this id, or NULL. */
const struct mount *mounts_find_id(const struct mounts *mounts, int id);

/* Whether the mount point is the LENGTH bytes of PATH or a directory above. */
bool mount_is_above(const struct mount *mount, const char *path, size_t length);

/* Whether its files are in memory and nowhere else. */
bool mount_is_in_memory(const struct mount *mount);

/* Whether a file system of this type is in memory, or on no disk of this machine. */
bool mount_type_is_diskless(const char *type);
