/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an NBD server speaks: QEMU waits for its first word without an end, and so does whoever
 * asks QEMU for anything. */
#pragma once

#include "source.h"

/* Connects to the server of an NBD source, waits for its greeting, and leaves. A server does not
 * count that as a client. Returns -ETIMEDOUT if it has not greeted by DEADLINE, now_ms(); 0 if it
 * has, or if QEMU will be told at once what is wrong. To look its name up may take longer. */
int nbd_await_greeting(const struct source *source, uint64_t deadline);
