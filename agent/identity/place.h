/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk is, read off its sysfs path. Pure. */
#pragma once

#include <stdint.h>

#include "disk.h"

struct place {
	char controller[CONTROLLER_SIZE];
	char name[DISK_NAME_SIZE]; /* the disk's kernel name */
	uint32_t channel;
	uint32_t target;
	uint32_t lun; /* as QEMU counts */
};

enum place_result {
	PLACE_VIRTIO_SCSI = 0,
	PLACE_ELSEWHERE = 1, /* a block device of another kind */
};

/* Parses "/devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:5/2:0:5:0/block/sda", with or
 * without the first slash. Linux shows a virtio-scsi LUN of 256 or more as 16384+n (drivers/scsi
 * adds the flat-space bit of SAM-5 4.7); the place has n. Returns a place_result, or -EINVAL for a
 * path that has a virtio SCSI host in it but is malformed. */
int place_parse(const char *devpath, struct place *ret);

/* Parses the way to a virtio device, ".../pci0000:00/0000:00:03.0/virtio0": the name of the
 * controller is what stands between "devices/" with its PCI root and the last component, which
 * must be virtioN. Returns -EINVAL if it has another shape, -E2BIG if the name is too long. */
int place_parse_controller(const char *devpath, char *ret, size_t size);
