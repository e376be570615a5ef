/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libblkid sees in a part of a disk. Runs in the probe's child. */
#include "probe-read.h"

#include <blkid.h>
#include <errno.h>
#include <string.h>

#include "util.h"

/* QEMU before 8.1 can fail a read on one disk when another one of the bus is unplugged
 * (RHBZ 2176702): one more attempt is right. */
#define READ_ATTEMPTS 2

static void blkid_free_probep(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

static void take_text(blkid_probe probe, const char *name, struct probe_text *ret)
{
	const char *value;
	size_t length;

	if (blkid_probe_lookup_value(probe, name, &value, &length) < 0)
		return;
	/* libblkid counts the NUL at the end. */
	length = strnlen(value, length);
	if (length > PROBE_TEXT_MAX)
		length = PROBE_TEXT_MAX;
	memcpy(ret->bytes, value, length);
	ret->length = (uint16_t)length;
}

static int set_up(blkid_probe probe, int fd, uint64_t offset, uint64_t size)
{
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)offset, (blkid_loff_t)size) < 0 ||
		blkid_probe_enable_superblocks(probe, 1) < 0 ||
		blkid_probe_set_superblocks_flags(
			probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID) < 0 ||
		blkid_probe_enable_partitions(probe, 1) < 0)
		return -EIO;
	return 0;
}

static int read_once(int fd, uint64_t offset, uint64_t size, struct probe_answer *ret)
{
	_cleanup_(blkid_free_probep) blkid_probe probe = blkid_new_probe();
	int r;

	if (!probe)
		return -ENOMEM;
	r = set_up(probe, fd, offset, size);
	if (r < 0)
		return r;
	r = blkid_do_safeprobe(probe); /* 1: nothing found; -2: ambivalent */
	if (r == -2)
		return -ENOTUNIQ;
	if (r < 0)
		return -EIO;
	take_text(probe, "TYPE", &ret->type);
	take_text(probe, "LABEL", &ret->label);
	take_text(probe, "UUID", &ret->uuid);
	take_text(probe, "PTTYPE", &ret->table);
	ret->known = 1;
	return 0;
}

int probe_read(int fd, uint64_t offset, uint64_t size, struct probe_answer *ret)
{
	int r = -EIO;

	if (size == 0) { /* to libblkid that would mean: up to the end of the disk */
		ret->known = 1;
		return 0;
	}
	for (unsigned i = 0; i < READ_ATTEMPTS && r == -EIO; i++)
		r = read_once(fd, offset, size, ret);
	return r;
}
