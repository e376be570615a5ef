/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udevd in the floor's guest: see listener.c. */
#pragma once

#include <stdbool.h>

/* Whether the initramfs has one. */
bool udevd_is_there(void);

/* Starts it as it comes, with all uevents and no word of whose the links are. Returns false on
 * failure, as below. */
bool udevd_start(void);

/* Starts it as hotslot-init does beside an agent that owns the links: at the lowest priority, with
 * the uevents that are worth something to it. */
bool udevd_start_beside(void);
