/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's contents: what libblkid says of any bytes, and what the parent makes of any answer. */
#include <fcntl.h>
#include <sys/mman.h>

#include "encode.h"
#include "probe-answer.h"
#include "probe-read.h"
#include "probe-table.h"
#include "targets.h"

/* Where most file systems have their superblocks, and some beyond. */
#define DISK_SIZE (1024 * 1024)

static void check_text(const char *text, size_t size)
{
	hold(memchr(text, '\0', size) && text_is_printable(text, strlen(text)));
}

static void check_answer(const struct probe_answer *answer)
{
	struct contents contents;

	if (probe_answer_check(answer, &contents) < 0)
		return;
	hold(contents.state == CONTENTS_KNOWN || contents.state == CONTENTS_UNKNOWN);
	check_text(contents.type, sizeof(contents.type));
	check_text(contents.label, sizeof(contents.label));
	check_text(contents.uuid, sizeof(contents.uuid));
	check_text(contents.table, sizeof(contents.table));
	if (contents.state == CONTENTS_UNKNOWN)
		hold(!*contents.type && !*contents.label && !*contents.uuid && !*contents.table);
}

void fuzz_probe_answer(const char *data, size_t size)
{
	struct probe_answer answer = {};

	memcpy(&answer, data, size < sizeof(answer) ? size : sizeof(answer));
	check_answer(&answer);
}

void fuzz_contents(const char *data, size_t size)
{
	const struct partition known = { .number = 1, .start = 2048, .size = DISK_SIZE - 2048 };
	_cleanup_close_ int fd = memfd_create("disk", MFD_CLOEXEC);
	struct probe_answer whole = {}, partition = {};

	hold(fd >= 0 && ftruncate(fd, DISK_SIZE) == 0);
	/* Offset in KiB, length in units of 16 bytes, bytes: again and again. */
	while (size > 4) {
		size_t offset =
			((size_t)(unsigned char)data[0] << 8 | (unsigned char)data[1]) * 1024;
		size_t length = ((size_t)(unsigned char)data[2] << 8 | (unsigned char)data[3]) * 16;

		data += 4;
		size -= 4;
		length = length < size ? length : size;
		if (offset < DISK_SIZE)
			hold(pwrite(fd, data, length, (off_t)offset) == (ssize_t)length);
		data += length;
		size -= length;
	}
	hold(ftruncate(fd, DISK_SIZE) == 0);
	probe_read(fd, 0, DISK_SIZE, &whole);
	check_answer(&whole);
	probe_read(fd, known.start, known.size, &partition);
	check_answer(&partition);
	probe_table_differs(fd, DISK_SIZE, &known, 1);
}
