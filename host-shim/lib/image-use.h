/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody has an image already: a process, this host, a domain. */
#pragma once

#include "image.h"
#include "source.h"

/* HOTSLOT_ERROR_IMAGE_IN_USE if somebody has it: a file or device of this host, open as FD. */
int image_check_unused(
	struct hotslot *hotslot, const struct image *image, int fd, struct hotslot_error *error);

/* The same of what is neither, and is SOURCE. */
int image_check_source(struct hotslot *hotslot, const struct image *image,
	const struct source *source, struct hotslot_error *error);
