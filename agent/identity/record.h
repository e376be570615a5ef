/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record as JSON: the part of it that sysfs alone tells. */
#pragma once

#include <jansson.h>

#include "disk.h"

/* Where a disk sorts: its slot, and behind all slots those that have none. */
uint32_t disk_place(const struct disk *disk);

/* The members place, slot, target, lun, serial, name, devnum, diskseq, size, block-size and
 * read-only of agent/PROTOCOL.md. Returns a new reference, NULL without memory. */
json_t *disk_to_json(const struct disk *disk);
