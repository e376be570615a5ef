/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of disks as text: what the library gives, and what the model expects of it. */
#include "rows.h"

#include <string.h>

#define LINK_SIZE 160

static const char *or_none(const char *text)
{
	return text ?: "-";
}

static const char *yes(bool truth)
{
	return truth ? "yes" : "no";
}

static void print_part(FILE *out, const struct hotslot_partition *part)
{
	fprintf(out, "    part %u start %llu size %llu %s %s\n", part->number,
		(unsigned long long)part->start, (unsigned long long)part->size,
		or_none(part->by_slot), or_none(part->by_serial));
}

void rows_print_listed(FILE *out, const struct hotslot_disk *disk)
{
	fprintf(out, "slot %d %s target %u LUN %u attached %s visible %s state %s\n", disk->slot,
		or_none(disk->device), disk->target, disk->lun, yes(disk->attached),
		yes(disk->visible), or_none(disk->state));
	fprintf(out, "    foreign %s alias %s id %s label %s source %s format %s passthrough %s\n",
		yes(disk->foreign), or_none(disk->alias), or_none(disk->id),
		or_none(disk->target_dev), or_none(disk->source), or_none(disk->format),
		yes(disk->passthrough));
	fprintf(out, "    serial %s conflict %s size %llu block %u read-only %s, host %s\n",
		or_none(disk->serial), yes(disk->conflict), (unsigned long long)disk->size,
		disk->block_size, yes(disk->read_only), yes(disk->host_read_only));
	fprintf(out, "    %s %s contents %s type %s table %s\n", or_none(disk->by_slot),
		or_none(disk->by_serial), or_none(disk->contents), or_none(disk->type),
		or_none(disk->table));
	for (size_t i = 0; i < disk->n_partitions; i++)
		print_part(out, &disk->partitions[i]);
}

void rows_print_reserved(FILE *out, const int *slots, size_t count)
{
	fputs("reserved:", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, " %d", slots[i]);
	fputc('\n', out);
}

/* ---- the model's ---- */

static const char *name_link(char *buffer, bool exists, const char *tree, const char *name)
{
	if (!exists)
		return NULL;
	snprintf(buffer, LINK_SIZE, "/dev/disk/%s/%s", tree, name);
	return buffer;
}

static void expect_part(struct walk *walk, FILE *out, const struct disk *disk, unsigned index)
{
	char by_slot[LINK_SIZE], by_serial[LINK_SIZE], name[128];
	struct hotslot_partition part = {
		.number = index + 1,
		.start = disk->parts[index].start,
		.size = disk->parts[index].size,
	};

	snprintf(name, sizeof(name), "%d-part%u", disk->slot, index + 1);
	part.by_slot = name_link(by_slot, disk->slot >= 0, "by-slot", name);
	snprintf(name, sizeof(name), "%s-part%u", disk->encoded, index + 1);
	part.by_serial = name_link(by_serial, disk_has_serial_link(walk, disk), "by-serial", name);
	print_part(out, &part);
}

static void expect_disk(struct walk *walk, FILE *out, const struct disk *disk)
{
	char by_slot[LINK_SIZE], by_serial[LINK_SIZE], device[16], slot[16];
	struct hotslot_disk row = {
		.slot = disk->slot,
		.device = disk->slot >= 0 ? device : NULL,
		.target = disk->target,
		.lun = disk->lun,
		.attached = true,
		.visible = true,
		.foreign = disk->foreign,
		.alias = disk->alias,
		.id = disk->foreign ? NULL : disk_id(disk),
		.target_dev = disk->label,
		.source = disk->path,
		.format = "raw",
		.host_read_only = disk->read_only,
		.serial = *disk->encoded ? disk->encoded : NULL,
		.conflict = disk_has_conflict(walk, disk),
		.size = disk->size,
		.block_size = SECTOR,
		.read_only = disk->read_only,
		.state = "present",
		.contents = "known",
		.table = disk->table == TABLE_GPT   ? "gpt"
			 : disk->table == TABLE_DOS ? "dos"
						    : NULL,
	};

	model_device(disk->slot, device, sizeof(device));
	snprintf(slot, sizeof(slot), "%d", disk->slot);
	row.by_slot = name_link(by_slot, disk->slot >= 0, "by-slot", slot);
	row.by_serial =
		name_link(by_serial, disk_has_serial_link(walk, disk), "by-serial", disk->encoded);
	rows_print_listed(out, &row);
	for (unsigned i = 0; i < disk->n_parts; i++)
		expect_part(walk, out, disk, i);
}

/* Slots first, then by target and LUN. */
static int compare_disks(const void *a, const void *b)
{
	const struct disk *left = *(const struct disk *const *)a;
	const struct disk *right = *(const struct disk *const *)b;

	if ((left->slot < 0) != (right->slot < 0))
		return left->slot < 0 ? 1 : -1;
	if (left->target != right->target)
		return left->target < right->target ? -1 : 1;
	return left->lun < right->lun ? -1 : left->lun > right->lun;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

char *rows_expect(struct walk *walk)
{
	const struct disk *disks[DISKS_MAX];
	int reserved[RESERVED_MAX];
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		walk_fail(walk, "no memory");
	memcpy(disks, walk->disks, sizeof(disks));
	qsort(disks, walk->n_disks, sizeof(disks[0]), compare_disks);
	for (size_t i = 0; i < walk->n_disks; i++)
		if (!disks[i]->hidden)
			expect_disk(walk, out, disks[i]);
	memcpy(reserved, walk->reserved, sizeof(reserved));
	qsort(reserved, walk->n_reserved, sizeof(reserved[0]), compare_numbers);
	rows_print_reserved(out, reserved, walk->n_reserved);
	fclose(out);
	return text;
}
