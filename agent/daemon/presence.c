/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel still has a disk. */
#include "presence.h"

#include <sys/sysmacros.h>

#include "util.h"

bool presence_is_unknown(int r)
{
	return r < 0 && r != -ENOENT && r != -ENODEV && r != -EBADMSG && r != -E2BIG && r != -EFBIG;
}

int presence_check(int sysfd, dev_t devnum, uint64_t diskseq)
{
	uint64_t number;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "dev/block/%u:%u/diskseq", major(devnum), minor(devnum));
	r = read_attr_u64_at(sysfd, path, &number);
	if (presence_is_unknown(r))
		return r;
	return r == 0 && number == diskseq;
}
