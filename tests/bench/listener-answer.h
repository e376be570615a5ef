/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that the agent's answer on a new disk takes: what it has to read of it, the links in
 * both trees, and that they are there; written with no library. */
#pragma once

#include <stdbool.h>

/* Makes the directories, once. False: errno says why, as below. */
bool answer_begin(void);

/* Of the disk NAME, whose directory is PATH below /sys: makes its links, and writes the line
 * "add SLOT RECORD" to PORT. */
bool answer_added(int port, const char *path, const char *name, unsigned slot);

/* Removes its links. */
bool answer_removed(unsigned slot);
