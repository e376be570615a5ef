/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's event loop in a thread of the library. */
#pragma once

/* Starts the loop, once for the process, unless the program has registered one of its own.
 * Returns a negative errno if there cannot be one. */
int loop_start(void);
