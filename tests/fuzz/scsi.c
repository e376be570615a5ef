/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a disk answers to SCSI commands: its target's LUNs, sense data, its capacity. */
#include "fresh-read.h"
#include "luns.h"
#include "scsi-command.h"
#include "targets.h"

/* Fewer than an input can have, to see that no more are written. */
#define MAX 16

/* By the kernel's numbers: 8 bits, or 14 with 16384 added. */
#define LUN_MAX 32767

static void check_luns(const uint8_t *data, size_t size)
{
	uint32_t luns[MAX + 1], few;
	size_t n;

	luns[MAX] = UINT32_MAX;
	n = luns_parse(data, size, luns, MAX);
	hold(n <= MAX && luns[MAX] == UINT32_MAX);
	hold(n == 0 || size >= 8 + 8 * n);
	for (size_t i = 0; i < n; i++)
		hold(luns[i] <= 255 || (luns[i] >= 16384 && luns[i] <= LUN_MAX));
	hold(luns_parse(data, size, &few, 1) == (n > 0));
	hold(n == 0 || few == luns[0]);
}

static void check_sense(const uint8_t *data, size_t size)
{
	struct sense sense = sense_parse(data, size);

	hold(sense.key <= 0xf);
	hold(size >= 4 || (!sense.key && !sense.asc && !sense.ascq));
}

static void check_capacity(const uint8_t *data, size_t size)
{
	uint64_t capacity = capacity_parse(data, size);

	hold(size >= 12 || capacity == 0);
	/* Of blocks that have its last byte. */
	if (capacity > 0)
		hold(capacity / ((uint64_t)data[8] << 24 | data[9] << 16 | data[10] << 8 |
					data[11]) >
			0);
}

/* Each reads the same bytes, in memory that ends with them. */
void fuzz_scsi(const char *data, size_t size)
{
	uint8_t *bytes = malloc(size ?: 1);

	hold(bytes);
	if (size > 0)
		memcpy(bytes, data, size);
	check_luns(bytes, size);
	check_sense(bytes, size);
	check_capacity(bytes, size);
	free(bytes);
}
