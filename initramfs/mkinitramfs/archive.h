/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes an image as the archive that the kernel unpacks. */
#pragma once

#include "image.h"

enum compression {
	COMPRESS_NONE,
	COMPRESS_GZIP,
	COMPRESS_ZSTD,
};

/* Finds a compression by its name. Returns -EINVAL if there is none of that name. */
int compression_parse(const char *name, enum compression *ret);

/* Writes the image to OUTPUT, by way of a file beside it that takes its name at the end: there is
 * either the whole new archive or the old one. The same image gives the same bytes. Logs what
 * fails. */
int archive_save(const struct image *image, enum compression compression, const char *output);
