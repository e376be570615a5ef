/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCSI commands to a disk that the kernel has, past what it keeps of it. They may block for as long
 * as the disk does. */
#pragma once

#include <scsi/sg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

/* What a disk says to a command that failed. */
#define SENSE_ILLEGAL_REQUEST 0x05
#define SENSE_UNIT_ATTENTION 0x06

struct sense {
	uint8_t key, asc, ascq;
};

struct scsi_outcome {
	struct sense sense;
	bool answered; /* whatever it has said */
	bool absent;   /* nobody is there */
	size_t length; /* of the answer */
};

/* Opens the node at PATH for reading, without an effect on the disk. -ESTALE if it is another one.
 */
int scsi_open(const char *path, const struct disk *disk);

/* Has the disk do the N bytes of CDB; its answer of LENGTH bytes at most goes to DATA. Once more
 * for each thing that it has to tell first; sets *WAS_RESET if that is one of them. Returns 0 or a
 * negative errno, -EIO with what the disk has said. */
int scsi_command(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset);

typedef int (*scsi_command_fn)(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset);

/* What came of a command, by what the kernel has filled in. Pure. */
struct scsi_outcome outcome_parse(const struct sg_io_hdr *header);

/* Reads sense data in fixed or descriptor format (SPC 4.4); zeroes if it is neither. Pure. */
struct sense sense_parse(const uint8_t *data, size_t length);
