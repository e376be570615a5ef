/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk in words, as a table or a line has them. */
#include "disk-text.h"

#include <inttypes.h>
#include <stdio.h>

#include "util.h"

void format_size(uint64_t size, bool bytes, char ret[static SIZE_TEXT_SIZE])
{
	const char *unit = "BKMGTPE";
	double value = (double)size;
	unsigned tenths;

	for (; value >= 1023.95 && unit[1]; unit++)
		value /= 1024;
	tenths = (unsigned)(value * 10 + 0.5);
	if (bytes)
		snprintf(ret, SIZE_TEXT_SIZE, "%" PRIu64, size);
	else if (tenths % 10 == 0)
		snprintf(ret, SIZE_TEXT_SIZE, "%u%c", tenths / 10, *unit);
	else
		snprintf(ret, SIZE_TEXT_SIZE, "%u.%u%c", tenths / 10, tenths % 10, *unit);
}

void format_flags(const struct hotslot_disk *disk, bool reserved, char ret[static FLAGS_TEXT_SIZE])
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{ disk->visible ? disk->read_only : disk->host_read_only, "ro" },
		{ disk->foreign, "foreign" },
		{ disk->passthrough, "passthrough" },
		{ !disk->attached, "guest-only" },
		{ !disk->visible, "not-visible" },
		{ disk->conflict, "conflict" },
		{ disk->mismatch, "mismatch" },
		{ disk->state && disk->state[0] == 'r', "released" },
		{ reserved, "reserved" },
	};
	int len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].set)
			len += snprintf(ret + len, FLAGS_TEXT_SIZE - (size_t)len, "%s%s",
				len ? "," : "", flags[i].name);
}

const char *contents_type(const struct hotslot_disk *disk)
{
	if (disk->type)
		return disk->type;
	if (disk->table)
		return disk->table;
	return disk->visible && disk->contents && disk->contents[0] == 'k' ? NULL : "?";
}
