/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for how the host serves a disk: options of attach, and parts of --drive. */
#include "disk-option.h"

#include <limits.h>
#include <string.h>

#include "size.h"

enum kind {
	KIND_TEXT,
	KIND_FLAG,
	KIND_COUNT, /* a 64-bit number */
	KIND_BYTES, /* the same, with K, M, G */
	KIND_INDEX, /* an unsigned */
};

#define WORD(option, name, kind, member)             \
	[option - DISK_OPTION_FIRST] = { name, kind, \
		offsetof(struct hotslot_backend_options, member) }

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} words[] = {
	WORD(DISK_CACHE, "cache", KIND_TEXT, cache),
	WORD(DISK_IO, "io", KIND_TEXT, io),
	WORD(DISK_DISCARD, "discard", KIND_TEXT, discard),
	WORD(DISK_DETECT_ZEROES, "detect-zeroes", KIND_TEXT, detect_zeroes),
	WORD(DISK_SHAREABLE, "shareable", KIND_FLAG, shareable),
	WORD(DISK_IOPS, "iops", KIND_COUNT, iops),
	WORD(DISK_READ_IOPS, "read-iops", KIND_COUNT, read_iops),
	WORD(DISK_WRITE_IOPS, "write-iops", KIND_COUNT, write_iops),
	WORD(DISK_BPS, "bps", KIND_BYTES, bps),
	WORD(DISK_READ_BPS, "read-bps", KIND_BYTES, read_bps),
	WORD(DISK_WRITE_BPS, "write-bps", KIND_BYTES, write_bps),
	WORD(DISK_IOTHREAD, "iothread", KIND_INDEX, iothread),
	WORD(DISK_LUKS, "luks", KIND_TEXT, luks),
	WORD(DISK_USER, "user", KIND_TEXT, user),
	WORD(DISK_SECRET, "secret", KIND_TEXT, secret),
};

int disk_option_find(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].name) == length && memcmp(words[i].name, word, length) == 0)
			return (int)i + DISK_OPTION_FIRST;
	return -1;
}

const char *disk_option_name(int option)
{
	return words[option - DISK_OPTION_FIRST].name;
}

bool disk_option_takes_value(int option)
{
	return words[option - DISK_OPTION_FIRST].kind != KIND_FLAG;
}

/* 0 would be no limit: who wants none leaves it out. */
static int set_count(uint64_t *ret, const char *value, const char **ret_wrong)
{
	*ret_wrong = "a number from 1 on";
	return parse_u64(value, INT64_MAX, ret) == 0 && *ret > 0 ? 0 : -EINVAL;
}

static int set_bytes(uint64_t *ret, const char *value, const char **ret_wrong)
{
	struct size size;

	*ret_wrong = "a number of bytes from 1 on, or one with K, M or G";
	if (size_parse(value, &size) < 0 || size.more || size.bytes == 0)
		return -EINVAL;
	*ret = size.bytes;
	return 0;
}

static int set_index(unsigned *ret, const char *value, const char **ret_wrong)
{
	uint64_t number;

	*ret_wrong = "the number of an IOThread: they count from 1";
	if (parse_u64(value, INT_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*ret = (unsigned)number;
	return 0;
}

int disk_option_set(struct hotslot_backend_options *options, int option, const char *value,
	const char **ret_wrong)
{
	size_t i = (size_t)(option - DISK_OPTION_FIRST);
	void *member = (char *)options + words[i].offset;

	switch (words[i].kind) {
	case KIND_FLAG:
		*(bool *)member = true;
		return 0;
	case KIND_COUNT:
		return set_count(member, value, ret_wrong);
	case KIND_BYTES:
		return set_bytes(member, value, ret_wrong);
	case KIND_INDEX:
		return set_index(member, value, ret_wrong);
	default:
		*(const char **)member = value;
		return 0;
	}
}
