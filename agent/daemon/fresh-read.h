/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a disk itself who it is, and compares that with what the kernel has kept of it. */
#pragma once

#include <stdint.h>

#include "disk.h"
#include "scsi-command.h"

enum fresh_result {
	FRESH_UNKNOWN = 0, /* it cannot be asked, or does not answer, or not in full */
	FRESH_SAME,
	FRESH_RESIZED, /* the same, of another size */
	FRESH_RESET,   /* the same by all that it says, but it was reset, and somebody uses it */
	FRESH_OTHER,   /* another disk, or none */
};

/* Asks the disk at DEV_DIR, whose directories of sysfs are below SYSFD: a few SCSI commands that
 * change nothing. Compares serial and identification (VPD pages 0x80 and 0x83) as the kernel has
 * cached them, and the capacity. A device that was reset since the kernel spoke with it last says
 * so once, and a new one always does (a unit attention, SPC 5.14): WAS_RESET says that somebody
 * else was told already. With the same identity it counts as another disk only if nobody uses it,
 * as there are other causes. May block for as long as the disk does. */
enum fresh_result fresh_read(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset);

/* As fresh_read(). */
typedef enum fresh_result (*fresh_read_fn)(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset);

/* Asks for a page of vital product data by COMMAND, scsi_command(), and compares it with the one
 * that the kernel has CACHED. */
enum fresh_result page_compare(scsi_command_fn command, int fd, uint8_t page, const char *cached,
	size_t cached_length, bool *was_reset);

/* Asks for the capacity in the same way, and compares it with SIZE, the kernel's. */
enum fresh_result capacity_compare(scsi_command_fn command, int fd, uint64_t size, bool *was_reset);

/* The bytes of a disk by its answer to READ CAPACITY (16); 0 if that is too short or absurd. Pure.
 */
uint64_t capacity_parse(const uint8_t *data, size_t length);
