/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk: what sysfs says of it, and who it is. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "encode.h"
#include "slot.h"

/* Kernel names of disks are at most DISK_NAME_LEN (32) bytes with their NUL. */
#define DISK_NAME_SIZE 32

/* A chain of PCI functions, 13 bytes each; bridges nest a handful deep. */
#define CONTROLLER_SIZE 128

/* What a block device is to us. */
enum disk_status {
	DISK_SLOTTED,	/* on the managed controller, in a slot */
	DISK_UNSLOTTED, /* on the managed controller, at a LUN above 255 */
	DISK_SYSTEM,	/* the system's own: hidden */
	DISK_FOREIGN,	/* not on the managed controller */
};

/* "slotted", "unslotted", "system", "foreign". */
const char *disk_status_name(enum disk_status status);

struct disk {
	enum disk_status status;
	char name[DISK_NAME_SIZE]; /* the kernel's, "sda" */
	dev_t devnum;
	uint64_t diskseq;
	char controller[CONTROLLER_SIZE]; /* PCI functions on the way to it, joined by '/' */
	uint32_t target;
	uint32_t lun;	     /* as QEMU counts, without the 16384 that Linux adds */
	uint32_t slot;	     /* only if slotted */
	uint64_t size;	     /* bytes */
	uint32_t block_size; /* logical, bytes */
	bool read_only;
	char serial[SERIAL_ENCODED_MAX + 1]; /* encoded; empty if the disk has none */
};

/* Whether it is one of ours, of which the record is whole: else it has status, name and place. */
static inline bool disk_is_ours(const struct disk *disk)
{
	return disk->status == DISK_SLOTTED || disk->status == DISK_UNSLOTTED;
}

/* A partition of a disk. */
struct partition {
	unsigned number;
	char name[DISK_NAME_SIZE];
	dev_t devnum;
	uint64_t start; /* bytes */
	uint64_t size;	/* bytes */
};

/* The kernel numbers a SCSI disk's minors up to 15, and from then on out of a pool: 255 in all. */
#define PARTITIONS_MAX 255
