/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCSI vital product data pages. Pure. */
#include "vpd.h"

#include <errno.h>

#define VPD_HEADER 4
#define VPD_SERIAL_PAGE 0x80

int vpd_find_serial(const void *page, size_t length, const char **ret, size_t *ret_length)
{
	const unsigned char *bytes = page;
	size_t said;

	if (length < VPD_HEADER || bytes[1] != VPD_SERIAL_PAGE)
		return -EBADMSG;
	said = (size_t)bytes[2] << 8 | bytes[3];
	if (said != length - VPD_HEADER)
		return -EBADMSG;
	*ret = (const char *)bytes + VPD_HEADER;
	*ret_length = said;
	return 0;
}
