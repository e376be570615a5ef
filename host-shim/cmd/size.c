/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIZE on a command line: bytes, or with K, M, G, T or P; +SIZE is on top of what there is. Pure.
 */
#include "size.h"

#include <string.h>

/* Offsets in files and devices are signed. */
#define SIZE_LARGEST ((uint64_t)INT64_MAX)

/* Powers of 1024 as qemu-img and truncate have them, in either case. */
static int parse_unit(const char *unit, unsigned *ret_shift)
{
	static const char units[] = "KkMmGgTtPp";
	const char *found = *unit ? strchr(units, *unit) : units;

	if (!found || (*unit && unit[1]))
		return -EINVAL;
	*ret_shift = *unit ? 10 * (unsigned)((found - units) / 2 + 1) : 0;
	return 0;
}

int size_parse(const char *text, struct size *ret)
{
	struct size size = { .more = *text == '+' };
	_cleanup_free_ char *digits = NULL;
	unsigned shift;
	size_t n;
	int r;

	text += size.more;
	n = strspn(text, "0123456789");
	if (parse_unit(text + n, &shift) < 0)
		return -EINVAL;
	digits = strndup(text, n);
	if (!digits)
		return -ENOMEM;
	r = parse_u64(digits, SIZE_LARGEST >> shift, &size.bytes);
	if (r < 0)
		return r;
	size.bytes <<= shift;
	*ret = size;
	return 0;
}
