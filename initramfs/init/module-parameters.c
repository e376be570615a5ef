/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kernel modules are told in an appliance. Pure. */
#include "module-parameters.h"

#include <string.h>

/* How scsi_mod is to treat some disks: vendor, model and flags of scsi_devinfo.h. Each command to a
 * disk that comes is a round trip to QEMU, while the host waits for it. The kernel asks for every
 * page of vital product data three times, the list of pages and the length of the page first,
 * unless BLIST_NO_VPD_SIZE (bit 13; Linux 6.1.57 and 6.6) says that a disk cannot bear it: then for
 * 255 bytes, and once more if there are more. BLIST_NO_RSOC (bit 29): QEMU's disks do not know
 * REPORT SUPPORTED OPERATION CODES. A kernel that has no such bit refuses it. One where bit 13 was
 * something else has no disk sequence numbers either, which the agent needs. */
#define SCSI_PARAMETERS "dev_flags=\"QEMU:QEMU HARDDISK:0x20002000\""

const char *module_parameters(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, "scsi_mod.ko") == 0 ? SCSI_PARAMETERS : "";
}
