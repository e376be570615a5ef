/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hotslot-id says of a disk. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "disk.h"

enum disk_format {
	DISK_AS_PROPERTIES, /* for udev: hotslot-id(8) */
	DISK_AS_TEXT,
	DISK_AS_JSON, /* the members of disk_to_json(), and "status" */
};

/* Prints the whole record, of a disk that is none of ours its name and status. CLAIMED: it has the
 * name of its serial, which only udev is told. Returns 0, or a negative errno if it is not all
 * written. */
int disk_print(FILE *out, const struct disk *disk, enum disk_format format, bool claimed);
