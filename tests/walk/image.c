/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images: their first line says which disk they are, each partition's first line which partition.
 * Formats of the tables: UEFI specification, chapter 5. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "walk.h"

#define MBR_ENTRIES 446
#define MBR_PARTS 4
#define MBR_TYPE_LINUX 0x83
#define MBR_TYPE_GPT 0xee

#define GPT_HEADER_SIZE 92
#define GPT_ENTRIES 128
#define GPT_ENTRY_SIZE 128

/* Where the first partition may start, and how far apart and large they are, sectors: so that
 * PARTS_MAX of them end before TABLE_DISK_SECTORS. */
#define PART_FIRST 64
#define PART_UNIT 8

static const unsigned char linux_data[16] = { 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e,
	0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4 };

static void put_u32(unsigned char *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static void put_u64(unsigned char *p, uint64_t value)
{
	put_u32(p, (uint32_t)value);
	put_u32(p + 4, (uint32_t)(value >> 32));
}

static uint32_t crc32(const unsigned char *data, size_t length)
{
	uint32_t crc = UINT32_MAX;

	while (length-- > 0) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put_mbr(
	unsigned char *sector, unsigned index, unsigned char type, uint64_t start, uint64_t size)
{
	unsigned char *entry = sector + MBR_ENTRIES + 16 * index;

	entry[4] = type;
	put_u32(entry + 8, (uint32_t)start);
	put_u32(entry + 12, (uint32_t)size);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

/* Names nobody else has, from the numbers of disk and partition. */
static void put_guid(unsigned char *guid, const struct disk *disk, unsigned part)
{
	memcpy(guid, "hotslot\x40\x80walk", 13);
	put_u32(guid + 10, disk->number);
	guid[14] = (unsigned char)part;
}

/* The primary alone: the backup would have to move at each resize. */
static void put_gpt(const struct disk *disk, unsigned char *head)
{
	unsigned char *header = head + SECTOR, *entries = head + 2 * SECTOR;
	uint64_t sectors = disk->size / SECTOR;

	put_mbr(head, 0, MBR_TYPE_GPT, 1, sectors - 1);
	for (unsigned i = 0; i < disk->n_parts; i++) {
		unsigned char *entry = entries + GPT_ENTRY_SIZE * i;

		memcpy(entry, linux_data, sizeof(linux_data));
		put_guid(entry + 16, disk, i + 1);
		put_u64(entry + 32, disk->parts[i].start / SECTOR);
		put_u64(entry + 40, (disk->parts[i].start + disk->parts[i].size) / SECTOR - 1);
	}
	memcpy(header, "EFI PART\0\0\1\0", 12);
	put_u32(header + 12, GPT_HEADER_SIZE);
	put_u64(header + 24, 1);
	put_u64(header + 32, sectors - 1);
	put_u64(header + 40, TABLE_SECTORS);
	put_u64(header + 48, sectors - TABLE_SECTORS);
	put_guid(header + 56, disk, 0);
	put_u64(header + 72, 2);
	put_u32(header + 80, GPT_ENTRIES);
	put_u32(header + 84, GPT_ENTRY_SIZE);
	put_u32(header + 88, crc32(entries, GPT_ENTRIES * GPT_ENTRY_SIZE));
	put_u32(header + 16, crc32(header, GPT_HEADER_SIZE));
}

void image_head(const struct disk *disk, unsigned char *ret)
{
	memset(ret, 0, TABLE_SECTORS * SECTOR);
	if (disk->table == TABLE_GPT)
		put_gpt(disk, ret);
	for (unsigned i = 0; disk->table == TABLE_DOS && i < disk->n_parts; i++)
		put_mbr(ret, i, MBR_TYPE_LINUX, disk->parts[i].start / SECTOR,
			disk->parts[i].size / SECTOR);
	sprintf((char *)ret, "%s\n", disk->text);
}

void image_part_text(const struct disk *disk, unsigned part, char *ret, size_t size)
{
	snprintf(ret, size, "part %u of disk %u", part, disk->number);
}

void image_choose_table(struct walk *walk, struct disk *disk, enum table table)
{
	uint64_t sector = PART_FIRST;

	disk->table = TABLE_NONE;
	disk->n_parts = 0;
	if (table == TABLE_NONE || disk->size < TABLE_DISK_SECTORS * SECTOR)
		return;
	disk->table = table;
	disk->n_parts = 1 + walk_random(walk, table == TABLE_DOS      ? MBR_PARTS
					      : walk_chance(walk, 30) ? PARTS_MAX
								      : MBR_PARTS);
	for (size_t i = 0; i < disk->n_parts; i++) {
		struct part *part = &disk->parts[i];

		sector += PART_UNIT * walk_random(walk, 2);
		part->start = sector * SECTOR;
		part->size = SECTOR * PART_UNIT * (1 + (uint64_t)walk_random(walk, 2));
		sector += part->size / SECTOR;
	}
}

static void write_at(struct walk *walk, int fd, const void *data, size_t length, uint64_t offset)
{
	if (pwrite(fd, data, length, (off_t)offset) != (ssize_t)length)
		walk_fail(walk, "cannot write an image: %m");
}

void image_write(struct walk *walk, const struct disk *disk)
{
	unsigned char head[TABLE_SECTORS * SECTOR];
	_cleanup_close_ int fd = open(disk->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t length = disk->size < sizeof(head) ? SECTOR : sizeof(head);

	if (fd < 0)
		walk_fail(walk, "%s: %m", disk->path);
	image_head(disk, head);
	write_at(walk, fd, head, length, 0);
	for (unsigned i = 0; i < disk->n_parts; i++) {
		char text[64];

		image_part_text(disk, i + 1, text, sizeof(text) - 1);
		strcat(text, "\n");
		write_at(walk, fd, text, strlen(text), disk->parts[i].start);
	}
	if (ftruncate(fd, (off_t)disk->size) < 0)
		walk_fail(walk, "%s: %m", disk->path);
}
