/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares a disk's partition table with what the kernel knows of it. */
#include "probe-table.h"

#include <blkid.h>

#include "util.h"

/* libblkid counts in sectors of this size, whatever the disk's logical blocks. */
#define SECTOR_SIZE 512

static void blkid_free_probep(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

static bool is_same(blkid_partition seen, const struct partition *known)
{
	if ((uint64_t)blkid_partition_get_start(seen) * SECTOR_SIZE != known->start)
		return false;
	/* Of an extended partition the kernel shows the first kilobyte. */
	return blkid_partition_is_extended(seen) ||
	       (uint64_t)blkid_partition_get_size(seen) * SECTOR_SIZE == known->size;
}

static bool is_known(blkid_partition seen, const struct partition *partitions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((int)partitions[i].number == blkid_partition_get_partno(seen))
			return is_same(seen, &partitions[i]);
	return false;
}

bool probe_table_differs(int fd, uint64_t size, const struct partition *partitions, size_t n)
{
	_cleanup_(blkid_free_probep) blkid_probe probe = blkid_new_probe();
	blkid_partlist list;
	int seen = 0;

	if (!probe || size == 0 || blkid_probe_set_device(probe, fd, 0, (blkid_loff_t)size) < 0 ||
		blkid_probe_enable_partitions(probe, 1) < 0)
		return false;
	list = blkid_probe_get_partitions(probe);
	if (list)
		seen = blkid_partlist_numof_partitions(list);
	if (seen < 0 || (size_t)seen != n)
		return true;
	for (int i = 0; i < seen; i++)
		if (!is_known(blkid_partlist_get_partition(list, i), partitions, n))
			return true;
	return false;
}
