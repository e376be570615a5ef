/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the probe's child hands back on one range of a disk. Pure. */
#pragma once

#include <stdint.h>

#include "contents.h"

/* No label, type or UUID that libblkid knows is longer. */
#define PROBE_TEXT_MAX 256

/* Bytes as they are on the disk, not yet fit for anybody's eyes. */
struct probe_text {
	uint16_t length;
	char bytes[PROBE_TEXT_MAX];
};

/* All of it is fixed in size, and the parent believes none of it: whoever gets the better of the
 * child's parser writes what he likes here. */
struct probe_answer {
	uint8_t known;	     /* 1, or 0 if looking failed */
	uint8_t other_table; /* of a disk: its partitions are not those that the kernel has */
	struct probe_text type;
	struct probe_text label;
	struct probe_text uuid;
	struct probe_text table;
};

/* Makes CONTENTS of an answer, whatever is in it: the text is printable and fits. Returns -EBADMSG
 * if it is none that probe_read() gives. */
int probe_answer_check(const struct probe_answer *answer, struct contents *ret);
