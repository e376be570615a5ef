/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the server of an image answers. */
#include "image-server.h"

#include "error.h"
#include "nbd-greeting.h"

int image_await_server(
	struct hotslot *hotslot, const char *text, uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_source_ struct source source = {};

	if (!hotslot->local || source_kind(text) != SOURCE_NBD || source_parse(text, &source) < 0 ||
		nbd_await_greeting(&source, deadline) == 0)
		return 0;
	return error_set(error, HOTSLOT_ERROR_IMAGE,
		"The server of %s says nothing, and would hold QEMU and the guest up: it hangs, "
		"or has as many clients as it takes",
		text);
}
