/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another directory with the same links, and with the nodes that they lead to: the /dev of a
 * chroot or a container. It is opened anew for each piece of work, and no descriptor is kept: what
 * is mounted there can be unmounted, and be mounted over. Where there is no such directory, the
 * mirror is absent: nothing is made, and nothing is wrong. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "link-at.h"

struct mirror;

/* A mirror in the directory PATH, which need not be there yet; its last component is not followed
 * if it is a symbolic link. MAIN (O_PATH, borrowed) is the one whose links are mirrored: its nodes
 * have the mode and owner that those here get. If both are the same directory, mounted twice,
 * nothing is ever done here but to check. */
int mirror_new(const char *path, int main, struct mirror **ret);
void mirror_free(struct mirror *mirror);

/* As it was given. */
const char *mirror_path(const struct mirror *mirror);

/* Looks at which directory it is, and makes the trees in another one. Returns whether all links are
 * to be made, which is so in another directory than at the last look, in none any more, and, if
 * AGAIN, where something has failed. Logs a mirror that is absent, and one that is back. */
bool mirror_look(struct mirror *mirror, bool again);

/* Makes NODE, and the link NAME to it, or puts them right, each in one step. Nothing if MAIN has no
 * such node any more. Logs what fails, once for each kind of failure. */
void mirror_make(struct mirror *mirror, const char *name, const char *node, dev_t devnum);

/* Removes the link, wherever it leads, unless it is another's, that MAIN has, too; the node stays.
 */
void mirror_remove(struct mirror *mirror, const char *name, const char *node);

/* Gives the node the mode and owner that it has in MAIN, if it is the device with this number. */
void mirror_refresh_node(struct mirror *mirror, const char *node, dev_t devnum);

/* Removes a node if it is the device with this number. */
void mirror_remove_node(struct mirror *mirror, const char *node, dev_t devnum);

bool mirror_check(const struct mirror *mirror, const char *name, dev_t devnum);

void mirror_prune(struct mirror *mirror, const struct link_pruning *pruning);
