/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are kept compressed: gzip, xz, zstd, lz4 and what else libarchive knows. */
#pragma once

#include <stddef.h>

/* Reads the file PATH and unpacks it. The caller frees *ret. Logs what fails. Returns -EFBIG for
 * more than UNPACKED_MAX. */
int unpack_file(const char *path, char **ret, size_t *ret_length);

/* A kernel is some 60 MB, a module at most some ten. */
#define UNPACKED_MAX ((size_t)512 * 1024 * 1024)
