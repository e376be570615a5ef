/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the server of an image answers. */
#pragma once

#include "image.h"

/* HOTSLOT_ERROR_IMAGE if the image TEXT, in the syntax of source.h, is an NBD server's that says
 * nothing until DEADLINE: it would hold up QEMU, and with it the guest, for as long. Not on a
 * connection to another host. */
int image_await_server(
	struct hotslot *hotslot, const char *text, uint64_t deadline, struct hotslot_error *error);
