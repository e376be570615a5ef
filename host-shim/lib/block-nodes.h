/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's block nodes as libvirt makes them: two for each image, "libvirt-N-storage" and above it
 * "libvirt-N-format"; the image's backing file has the next N. Pure. */
#pragma once

#include <jansson.h>

#include "util.h"

/* How long a chain of backing files is believed to be, as QEMU's tools do. */
#define BLOCK_CHAIN_MAX 200

struct block_chain {
	unsigned first, count; /* numbers of libvirt's */
};

/* The images below the node TOP, and itself. NODES is what query-named-block-nodes returns. Returns
 * -ENOENT if there is no such node, or libvirt has not made it. */
int block_chain_find(const json_t *nodes, const char *top, struct block_chain *ret);

/* The same of the first node above image PATH, from *START on, which then is behind it. */
int block_chain_next(const json_t *nodes, const char *path, size_t *start, struct block_chain *ret);
