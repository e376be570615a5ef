/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which LUNs a SCSI target has by its own word, and which of them the kernel has lost. */
#include "luns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scsi-command.h"
#include "util.h"

#define REPORT_LUNS 0xa0
#define HEADER 8
#define LUN_SIZE 8

/* Room for all slots of a target, as many others, and what each controller can transfer at once;
 * for thousands if there are more. */
#define ANSWER_SIZE 4096
#define ANSWER_MAX 65536
#define LUNS_MAX ((ANSWER_MAX - HEADER) / LUN_SIZE)

/* The two most significant bits of a LUN: how the rest is to be read (SAM-5 4.7). */
#define ADDRESS_METHOD 0xc0
#define METHOD_PERIPHERAL 0x00
#define METHOD_FLAT_SPACE 0x40

/* Returns false for what has further levels, or is of no kind that virtio-scsi uses. */
static bool parse_lun(const uint8_t *data, uint32_t *ret)
{
	static const uint8_t none[LUN_SIZE - 2];
	unsigned method = data[0] & ADDRESS_METHOD;

	if (memcmp(data + 2, none, sizeof(none)) != 0 ||
		(method != METHOD_FLAT_SPACE && (method != METHOD_PERIPHERAL || data[0] != 0)))
		return false;
	*ret = (uint32_t)data[0] << 8 | data[1];
	return true;
}

/* How many bytes of LUNs there are. */
static size_t said_length(const uint8_t *data)
{
	return (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
}

size_t luns_parse(const uint8_t *data, size_t length, uint32_t *ret, size_t max)
{
	size_t said, n = 0;

	if (length < HEADER)
		return 0;
	said = said_length(data);
	if (said < length - HEADER)
		length = HEADER + said;
	for (size_t at = HEADER; at + LUN_SIZE <= length && n < max; at += LUN_SIZE)
		n += parse_lun(data + at, &ret[n]);
	return n;
}

static int ask(scsi_command_fn command, int fd, uint8_t *data, unsigned size, size_t *ret_length)
{
	uint8_t cdb[12] = { REPORT_LUNS, [6] = (uint8_t)(size >> 24), [7] = size >> 16 & 0xff,
		[8] = size >> 8 & 0xff, [9] = size & 0xff };
	struct scsi_outcome outcome;
	bool was_reset = false;
	int r = command(fd, cdb, sizeof(cdb), data, size, &outcome, &was_reset);

	if (r == 0)
		*ret_length = outcome.length;
	return r;
}

int luns_report(scsi_command_fn command, int fd, uint32_t *ret, size_t max, size_t *ret_n)
{
	_cleanup_free_ uint8_t *data = calloc(1, ANSWER_MAX);
	size_t length = 0;
	int r;

	if (!data)
		return -ENOMEM;
	r = ask(command, fd, data, ANSWER_SIZE, &length);
	/* If it cannot transfer as much, those that came will do. */
	if (r == 0 && length >= HEADER && said_length(data) > ANSWER_SIZE - HEADER)
		(void)ask(command, fd, data, ANSWER_MAX, &length);
	if (r == 0)
		*ret_n = luns_parse(data, length, ret, max);
	return r;
}

/* Where the kernel keeps the LUNs of a target, "devices/…/host2/target2:0:0", and its address. */
struct target {
	char path[PATH_MAX];
	unsigned host, channel, id;
};

static int find_target(const char *devpath, struct target *ret)
{
	char *end;

	if ((size_t)snprintf(ret->path, sizeof(ret->path), "%s", devpath) >= sizeof(ret->path))
		return -ENAMETOOLONG;
	end = strstr(ret->path, "/block/");
	if (!end)
		return -EINVAL;
	*end = '\0';
	end = strrchr(ret->path, '/');
	if (!end || sscanf(end, "/%u:%u:%u:", &ret->host, &ret->channel, &ret->id) != 3)
		return -EINVAL;
	*end = '\0';
	return 0;
}

static bool has_lun(int sysfd, const struct target *target, uint32_t lun)
{
	char path[PATH_MAX];
	struct stat st;

	return (size_t)snprintf(path, sizeof(path), "%s/%u:%u:%u:%u", target->path, target->host,
		       target->channel, target->id, lun) >= sizeof(path) ||
	       fstatat(sysfd, path, &st, 0) == 0;
}

static int scan(int sysfd, const struct target *target, uint32_t lun)
{
	char path[64], text[48];

	snprintf(path, sizeof(path), "class/scsi_host/host%u/scan", target->host);
	snprintf(text, sizeof(text), "%u %u %u", target->channel, target->id, lun);
	return write_attr_at(sysfd, path, text);
}

int luns_find_lost(const char *dev_dir, int sysfd, const struct disk *first, const char *devpath)
{
	_cleanup_free_ uint32_t *luns = calloc(LUNS_MAX, sizeof(*luns));
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	struct target target;
	int r, found = 0;
	size_t n = 0;

	if (!luns)
		return -ENOMEM;
	r = find_target(devpath, &target);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%s", dev_dir, first->name);
	fd = scsi_open(path, first);
	if (fd < 0)
		return fd;
	r = luns_report(scsi_command, fd, luns, LUNS_MAX, &n);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (has_lun(sysfd, &target, luns[i]))
			continue;
		r = scan(sysfd, &target, luns[i]);
		found++;
	}
	return r < 0 ? r : found;
}
