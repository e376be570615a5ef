/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another directory with the same links, and with the nodes that they lead to: the /dev of a
 * chroot or a container. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "link-at.h"

struct mirror;

/* Opens the directory PATH. MAIN (O_PATH, borrowed) is the one whose links are mirrored: its nodes
 * have the mode and owner that those here get. If both are the same directory, mounted twice,
 * nothing is ever done here but to check. Returns -ENOENT or -ENOTDIR. */
int mirror_open(const char *path, int main, struct mirror **ret);
void mirror_free(struct mirror *mirror);

/* As it was given. */
const char *mirror_path(const struct mirror *mirror);

/* Makes NODE, and the link NAME to it, or puts them right, each in one step. Nothing if MAIN has no
 * such node any more. Logs what fails, once for each link. */
void mirror_make(struct mirror *mirror, const char *name, const char *node, dev_t devnum);

/* Removes the link if it leads to NODE; the node stays. */
void mirror_remove(struct mirror *mirror, const char *name, const char *node);

/* Removes a node if it is the device with this number. */
void mirror_remove_node(struct mirror *mirror, const char *node, dev_t devnum);

bool mirror_check(const struct mirror *mirror, const char *name, dev_t devnum);

void mirror_prune(struct mirror *mirror, const struct link_pruning *pruning);
