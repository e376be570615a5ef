/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a block device is the root disk that was asked for. */
#pragma once

#include <stdbool.h>

#include "block-device.h"
#include "root.h"

enum root_kind {
	ROOT_LABEL,
	ROOT_UUID,
	ROOT_NODE,
	ROOT_SYSTEM,
};

struct root_spec {
	enum root_kind kind;
	const char *value; /* belongs to the text that was parsed */
};

/* Parses "LABEL=x", "UUID=x", "/dev/x" or "system". Pure. Returns -EINVAL. */
int root_spec_parse(const char *text, struct root_spec *ret);

/* Whether DEVICE is it; then *RET is filled. A device that cannot be read is none. */
bool root_matches(
	const struct root_spec *spec, const struct block_device *device, struct root *ret);
