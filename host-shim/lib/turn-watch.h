/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else does something to the file of a turn, told from libvirt's event loop. */
#pragma once

struct turn_watch;

typedef void (*turn_watch_fn)(void *data);

/* Has FN called whenever the file is written to, or closed by somebody who could have. */
int turn_watch_add(int fd, turn_watch_fn fn, void *data, struct turn_watch **ret);

/* FN does not run any more when this returns, but for the one that it is called from. Takes NULL,
 * returns NULL. */
struct turn_watch *turn_watch_remove(struct turn_watch *watch);
