/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying and comparing disks' records. */
#include <string.h>

#include "record.h"

/* The texts that a guest or the host can give; "id" is a part of one, "device" follows from the
 * slot. */
static const size_t disk_texts[] = {
	offsetof(struct hotslot_disk, serial),
	offsetof(struct hotslot_disk, name),
	offsetof(struct hotslot_disk, devnum),
	offsetof(struct hotslot_disk, state),
	offsetof(struct hotslot_disk, by_slot),
	offsetof(struct hotslot_disk, by_serial),
	offsetof(struct hotslot_disk, contents),
	offsetof(struct hotslot_disk, type),
	offsetof(struct hotslot_disk, label),
	offsetof(struct hotslot_disk, uuid),
	offsetof(struct hotslot_disk, table),
	offsetof(struct hotslot_disk, alias),
	offsetof(struct hotslot_disk, target_dev),
	offsetof(struct hotslot_disk, source),
	offsetof(struct hotslot_disk, format),
};

static const size_t partition_texts[] = {
	offsetof(struct hotslot_partition, name),
	offsetof(struct hotslot_partition, devnum),
	offsetof(struct hotslot_partition, by_slot),
	offsetof(struct hotslot_partition, by_serial),
	offsetof(struct hotslot_partition, type),
	offsetof(struct hotslot_partition, label),
	offsetof(struct hotslot_partition, uuid),
};

static const char **text_at(const void *object, size_t offset)
{
	return (const char **)((char *)object + offset);
}

/* Has RECORD keep the texts that OBJECT, a copy, still has from another. */
static int keep_texts(struct record *record, void *object, const size_t *offsets, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const char **text = text_at(object, offsets[i]);
		int kept = record_keep(record, *text, text);

		r = kept < 0 ? kept : r;
	}
	return r;
}

static int copy_partitions(struct record *copy, const struct record *record)
{
	size_t n = record->disk.n_partitions;
	int r = 0;

	copy->disk.partitions = copy->partitions = calloc(n + 1, sizeof(*copy->partitions));
	if (!copy->partitions)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		copy->partitions[i] = record->disk.partitions[i];
		r = keep_texts(
			copy, &copy->partitions[i], partition_texts, ARRAY_SIZE(partition_texts));
	}
	return r;
}

int record_copy(const struct record *record, struct record **ret)
{
	_cleanup_record_ struct record *copy = record_new(record->disk.target, record->disk.lun);
	const char *device;
	int r;

	if (!copy)
		return -ENOMEM;
	device = copy->disk.device;
	copy->disk = record->disk;
	copy->disk.device = device;
	copy->disk.times = NULL;
	copy->seq = record->seq;
	r = keep_texts(copy, &copy->disk, disk_texts, ARRAY_SIZE(disk_texts));
	if (r == 0)
		r = copy_partitions(copy, record);
	if (r < 0)
		return r;
	*ret = steal_pointer(copy);
	return 0;
}

static bool has_same_texts(const void *a, const void *b, const size_t *offsets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *left = *text_at(a, offsets[i]), *right = *text_at(b, offsets[i]);

		if (left != right && (!left || !right || strcmp(left, right) != 0))
			return false;
	}
	return true;
}

static bool has_same_partitions(const struct hotslot_disk *a, const struct hotslot_disk *b)
{
	if (a->n_partitions != b->n_partitions)
		return false;
	for (size_t i = 0; i < a->n_partitions; i++) {
		const struct hotslot_partition *left = &a->partitions[i];
		const struct hotslot_partition *right = &b->partitions[i];

		if (left->number != right->number || left->start != right->start ||
			left->size != right->size ||
			!has_same_texts(left, right, partition_texts, ARRAY_SIZE(partition_texts)))
			return false;
	}
	return true;
}

bool record_is_same(const struct record *left, const struct record *right)
{
	const struct hotslot_disk *a = &left->disk, *b = &right->disk;

	return a->attached == b->attached && a->foreign == b->foreign &&
	       a->host_read_only == b->host_read_only && a->visible == b->visible &&
	       a->conflict == b->conflict && a->diskseq == b->diskseq && a->size == b->size &&
	       a->block_size == b->block_size && a->read_only == b->read_only &&
	       a->passthrough == b->passthrough && a->mismatch == b->mismatch &&
	       has_same_texts(a, b, disk_texts, ARRAY_SIZE(disk_texts)) &&
	       has_same_partitions(a, b);
}
