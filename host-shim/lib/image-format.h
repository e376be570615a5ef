/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image's first bytes and its name say of its format. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Where the signatures and the size are, in every format that we know. */
#define IMAGE_HEADER_SIZE 512

/* The format that NAME's ending tells, NULL if none. */
const char *image_format_from_name(const char *name);

/* The format that the content's signature tells, NULL if none. */
const char *image_format_from_content(const unsigned char *header, size_t length);

/* The disk's size in a qcow2 header. -EBADMSG if it is none. */
int image_qcow2_size(const unsigned char *header, size_t length, uint64_t *ret);
