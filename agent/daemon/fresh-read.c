/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a disk itself who it is, and compares that with what the kernel has kept of it. */
#include "fresh-read.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "util.h"

#define TEST_UNIT_READY 0x00
#define INQUIRY 0x12
#define SERVICE_ACTION_IN_16 0x9e
#define READ_CAPACITY_16 0x10

#define SENSE_SIZE 64
#define SENSE_ILLEGAL_REQUEST 0x05
#define SENSE_UNIT_ATTENTION 0x06
#define ASC_NO_SUCH_LUN 0x25
#define ASC_WAS_RESET 0x29

/* The SCSI midlayer's DID_NO_CONNECT and DID_BAD_TARGET: nobody is there. */
#define HOST_NO_CONNECT 0x01
#define HOST_BAD_TARGET 0x04

/* The kernel reads a page again if it is longer than its first guess; its length has 16 bits. */
#define PAGE_MAX 4096
#define PAGE_HEADER 4

#define CAPACITY_SIZE 32

/* A command fails once for each thing that the disk has to tell first: that it was reset, that its
 * capacity has changed, that the LUNs of the target have. */
#define ATTEMPTS 5

/* Of the kernel; virtio_scsi starts it anew each time, so that it never comes to that. */
#define COMMAND_MS 10000

struct outcome {
	struct sense sense;
	bool absent;
	size_t length; /* of the answer */
};

struct sense sense_parse(const uint8_t *data, size_t length)
{
	if (length >= 14 && (data[0] & 0x7e) == 0x70)
		return (struct sense){ data[2] & 0xf, data[12], data[13] };
	if (length >= 4 && (data[0] & 0x7e) == 0x72)
		return (struct sense){ data[1] & 0xf, data[2], data[3] };
	return (struct sense){};
}

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

/* Returns 0 or a negative errno, -EIO with what the disk has said. */
static int command(
	int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length, struct outcome *ret)
{
	uint8_t sense[SENSE_SIZE] = {};
	struct sg_io_hdr header = { .interface_id = 'S',
		.dxfer_direction = length ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = (unsigned char)n,
		.mx_sb_len = sizeof(sense),
		.dxfer_len = length,
		.dxferp = data,
		.cmdp = cdb,
		.sbp = sense,
		.timeout = COMMAND_MS };

	*ret = (struct outcome){};
	if (ioctl(fd, SG_IO, &header) < 0)
		return -errno;
	ret->length = length - (unsigned)header.resid;
	ret->sense = sense_parse(sense, header.sb_len_wr);
	ret->absent =
		header.host_status == HOST_NO_CONNECT || header.host_status == HOST_BAD_TARGET ||
		(ret->sense.key == SENSE_ILLEGAL_REQUEST && ret->sense.asc == ASC_NO_SUCH_LUN);
	return (header.info & SG_INFO_OK_MASK) == SG_INFO_OK ? 0 : -EIO;
}

/* The same until the disk has told what it has to tell. */
static int command_after_attentions(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct outcome *ret, bool *was_reset)
{
	int r = -EIO;

	for (unsigned i = 0; i < ATTEMPTS && r == -EIO; i++) {
		r = command(fd, cdb, n, data, length, ret);
		if (r == 0 || ret->sense.key != SENSE_UNIT_ATTENTION)
			break;
		*was_reset |= ret->sense.asc == ASC_WAS_RESET;
	}
	return r;
}

/* A page that the kernel has none of says nothing. */
static enum fresh_result compare_page(
	int fd, const char *cached, size_t cached_length, uint8_t page, bool *was_reset)
{
	uint8_t cdb[6] = { INQUIRY, 1, page, PAGE_MAX >> 8, PAGE_MAX & 0xff }, data[PAGE_MAX];
	struct outcome outcome;
	int r = command_after_attentions(
		fd, cdb, sizeof(cdb), data, sizeof(data), &outcome, was_reset);
	size_t length;

	if (outcome.absent)
		return FRESH_OTHER;
	if (r < 0 && outcome.sense.key != SENSE_ILLEGAL_REQUEST)
		return FRESH_UNKNOWN;
	/* It had the page, and has none now. */
	if (r < 0 || outcome.length < PAGE_HEADER)
		return FRESH_OTHER;
	length = PAGE_HEADER + (size_t)big_endian(data + 2, 2);
	if (length > outcome.length)
		length = outcome.length;
	if (cached_length > sizeof(data))
		cached_length = sizeof(data);
	return length == cached_length && !memcmp(data, cached, length) ? FRESH_SAME : FRESH_OTHER;
}

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
			result = compare_page(fd, cached, length, pages[i].page, was_reset);
		else if (r < 0 && r != -ENOENT)
			result = FRESH_UNKNOWN;
	}
	return result;
}

static enum fresh_result compare_capacity(int fd, uint64_t size, bool *was_reset)
{
	uint8_t data[CAPACITY_SIZE],
		cdb[16] = { SERVICE_ACTION_IN_16, READ_CAPACITY_16, [13] = sizeof(data) };
	struct outcome outcome;
	uint64_t fresh;

	/* A disk of some sort that only knows the command of old. */
	if (command_after_attentions(
		    fd, cdb, sizeof(cdb), data, sizeof(data), &outcome, was_reset) < 0)
		return outcome.absent ? FRESH_OTHER : FRESH_SAME;
	fresh = capacity_parse(data, outcome.length);
	return fresh == 0 || fresh == size ? FRESH_SAME : FRESH_RESIZED;
}

/* Mounted, or held by another device. */
static bool is_used(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_EXCL);

	return fd < 0;
}

static int open_disk(const char *path, const struct disk *disk)
{
	/* Never for writing: closing it then makes a change event and a rescan of partitions. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	uint64_t diskseq;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (st.st_rdev != disk->devnum || diskseq != disk->diskseq)
		return -ESTALE;
	return steal_fd(&fd);
}

enum fresh_result fresh_read(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	uint8_t ready[6] = { TEST_UNIT_READY };
	_cleanup_close_ int fd = -1;
	struct outcome outcome;
	enum fresh_result result;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dev_dir, disk->name);
	fd = open_disk(path, disk);
	if (fd < 0)
		return FRESH_UNKNOWN;
	command_after_attentions(fd, ready, sizeof(ready), NULL, 0, &outcome, &was_reset);
	if (outcome.absent)
		return FRESH_OTHER;
	result = compare_pages(fd, sysfd, disk->name, &was_reset);
	if (result == FRESH_SAME)
		result = compare_capacity(fd, disk->size, &was_reset);
	if (!was_reset || result == FRESH_UNKNOWN || result == FRESH_OTHER)
		return result;
	closep(&fd);
	fd = -1;
	if (!is_used(path))
		return FRESH_OTHER;
	return result == FRESH_SAME ? FRESH_RESET : result;
}
