/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a disk itself who it is, and compares that with what the kernel has kept of it. */
#include "fresh-read.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "scsi-command.h"
#include "util.h"

#define TEST_UNIT_READY 0x00
#define INQUIRY 0x12
#define SERVICE_ACTION_IN_16 0x9e
#define READ_CAPACITY_16 0x10

/* All that a device of SPC-2 can be asked for: it takes the low byte of a length alone. A page that
 * is longer is read again, as the kernel does; its length has 16 bits. */
#define PAGE_FIRST 255
#define PAGE_MAX 4096
#define PAGE_HEADER 4

#define CAPACITY_SIZE 32

static uint64_t big_endian(const uint8_t *data, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | data[i];
	return value;
}

uint64_t capacity_parse(const uint8_t *data, size_t length)
{
	uint64_t last, block, size;

	if (length < 12)
		return 0;
	last = big_endian(data, 8);
	block = big_endian(data + 8, 4);
	if (last == UINT64_MAX || __builtin_mul_overflow(last + 1, block, &size))
		return 0;
	return size;
}

static int inquire(scsi_command_fn command, int fd, uint8_t page, uint8_t *data, size_t length,
	struct scsi_outcome *ret, bool *was_reset)
{
	uint8_t cdb[6] = { INQUIRY, 1, page, (uint8_t)(length >> 8), length & 0xff };

	return command(fd, cdb, sizeof(cdb), data, (unsigned)length, ret, was_reset);
}

/* How long the page is by its header, as far as it is read. */
static size_t page_length(const uint8_t *data)
{
	size_t length = PAGE_HEADER + (size_t)big_endian(data + 2, 2);

	return length < PAGE_MAX ? length : PAGE_MAX;
}

enum fresh_result page_compare(scsi_command_fn command, int fd, uint8_t page, const char *cached,
	size_t cached_length, bool *was_reset)
{
	uint8_t data[PAGE_MAX] = {};
	struct scsi_outcome outcome;
	int r = inquire(command, fd, page, data, PAGE_FIRST, &outcome, was_reset);

	if (r == 0 && outcome.length >= PAGE_HEADER && page_length(data) > PAGE_FIRST)
		r = inquire(command, fd, page, data, page_length(data), &outcome, was_reset);
	/* It had the page, and has none now. */
	if (outcome.absent || (r < 0 && outcome.sense.key == SENSE_ILLEGAL_REQUEST))
		return FRESH_OTHER;
	if (r < 0 || outcome.length < PAGE_HEADER || outcome.length < page_length(data))
		return FRESH_UNKNOWN;
	if (cached_length > sizeof(data))
		cached_length = sizeof(data);
	return page_length(data) == cached_length && !memcmp(data, cached, cached_length)
		       ? FRESH_SAME
		       : FRESH_OTHER;
}

/* A page that the kernel has none of says nothing. */
static enum fresh_result compare_pages(int fd, int sysfd, const char *name, bool *was_reset)
{
	static const struct {
		const char *attribute;
		uint8_t page;
	} pages[] = { { "vpd_pg80", 0x80 }, { "vpd_pg83", 0x83 } };
	enum fresh_result result = FRESH_SAME;

	for (size_t i = 0; i < ARRAY_SIZE(pages) && result == FRESH_SAME; i++) {
		_cleanup_free_ char *cached = NULL;
		char path[PATH_MAX];
		size_t length;
		int r;

		snprintf(path, sizeof(path), "block/%s/device/%s", name, pages[i].attribute);
		r = read_file_at(sysfd, path, UINT16_MAX + PAGE_HEADER, &cached, &length);
		if (r == 0 && length > 0)
			result = page_compare(
				scsi_command, fd, pages[i].page, cached, length, was_reset);
		else if (r < 0 && r != -ENOENT)
			result = FRESH_UNKNOWN;
	}
	return result;
}

enum fresh_result capacity_compare(scsi_command_fn command, int fd, uint64_t size, bool *was_reset)
{
	uint8_t data[CAPACITY_SIZE],
		cdb[16] = { SERVICE_ACTION_IN_16, READ_CAPACITY_16, [13] = sizeof(data) };
	struct scsi_outcome outcome;
	uint64_t fresh;

	if (command(fd, cdb, sizeof(cdb), data, sizeof(data), &outcome, was_reset) < 0) {
		if (outcome.absent)
			return FRESH_OTHER;
		/* A disk of some sort that only knows the command of old, or has no medium. */
		return outcome.answered ? FRESH_SAME : FRESH_UNKNOWN;
	}
	fresh = capacity_parse(data, outcome.length);
	return fresh == 0 || fresh == size ? FRESH_SAME : FRESH_RESIZED;
}

/* Mounted, or held by another device. */
static bool is_used(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_EXCL);

	return fd < 0;
}

enum fresh_result fresh_read(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	uint8_t ready[6] = { TEST_UNIT_READY };
	_cleanup_close_ int fd = -1;
	struct scsi_outcome outcome;
	enum fresh_result result;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dev_dir, disk->name);
	fd = scsi_open(path, disk);
	if (fd < 0)
		return FRESH_UNKNOWN;
	scsi_command(fd, ready, sizeof(ready), NULL, 0, &outcome, &was_reset);
	if (outcome.absent)
		return FRESH_OTHER;
	result = compare_pages(fd, sysfd, disk->name, &was_reset);
	if (result == FRESH_SAME)
		result = capacity_compare(scsi_command, fd, disk->size, &was_reset);
	if (!was_reset || result == FRESH_UNKNOWN || result == FRESH_OTHER)
		return result;
	closep(&fd);
	fd = -1;
	if (!is_used(path))
		return FRESH_OTHER;
	return result == FRESH_SAME ? FRESH_RESET : result;
}
