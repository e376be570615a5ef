/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this host has an image for besides: partitions, device-mapper, md and loop devices have the
 * blocks of others, and QEMU's locks are of one node each. SYS is a directory like /sys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "source.h"

/* "nvme0n1", "loop7" */
#define BLOCK_NAME_SIZE 32

/* Whether the one has blocks of the other, being it or standing on it: block devices, or a file
 * and a loop device of it. Two partitions of a disk do not. */
bool image_host_overlaps(int sys, const struct stat *a, const struct stat *b);

/* The disk of a SCSI device of the host that is passed through, "scsi_host0:0:1:5", as far as
 * image_host_overlaps() needs it. -ENOENT if there is none, or the text is none of these. */
int image_host_find_scsi(int sys, const char *text, struct stat *ret);

/* Finds a loop device that the file is behind. */
bool image_host_find_loop(int sys, const struct stat *file, char ret_name[static BLOCK_NAME_SIZE]);

/* Finds a disk of the NVMe device at the PCI address of SOURCE that FN says is held: whoever gets
 * the device gets all its namespaces. */
bool image_host_find_nvme(int sys, const struct source *source, bool (*fn)(const char *name),
	char ret_name[static BLOCK_NAME_SIZE]);

/* Whether a block device is mounted, swapped to, or held by what stands on it, or a partition of it
 * is. */
bool image_host_holds(const char *path);
