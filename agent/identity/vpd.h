/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCSI vital product data pages. Pure. */
#pragma once

#include <stddef.h>

/* Finds the serial in page 0x80, "Unit Serial Number" (SPC-5 7.7.19): byte 1 is the page code,
 * bytes 2 and 3 the length of what follows the four-byte header, big endian. The kernel cuts its
 * copy to that length, so anything longer or shorter is malformed: -EBADMSG. *ret points into
 * PAGE, is not NUL-terminated and may hold any bytes; a length of 0 means no serial. */
int vpd_find_serial(const void *page, size_t length, const char **ret, size_t *ret_length);
