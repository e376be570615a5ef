/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which LUNs a SCSI target has by its own word, and which of them the kernel has lost. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "disk.h"
#include "scsi-command.h"

/* The first MAX of the LUNs in an answer to REPORT LUNS (SPC 6.33), as the kernel numbers them:
 * those of 256 and more with 16384 added. LUNs of further levels are passed over. Returns how many.
 * Pure. */
size_t luns_parse(const uint8_t *data, size_t length, uint32_t *ret, size_t max);

/* Asks the disk open as FD for the LUNs of its target by COMMAND, scsi_command(): the first MAX of
 * them, or of those that it can transfer. Returns 0 or a negative errno. */
int luns_report(scsi_command_fn command, int fd, uint32_t *ret, size_t max, size_t *ret_n);

/* Asks FIRST, the disk at LUN 0, for the LUNs of its target (QEMU answers that at LUN 0 alone), and
 * has the kernel scan for each that it does not have. FIRST is at DEVPATH (relative to SYSFD) and
 * has its node in DEV_DIR. Returns how many, or a negative errno. May block for as long as the disk
 * does, or a scan.
 *
 * The kernel's own scan of a target asks in the same way, but not if it has looked for a LUN that
 * is not there just before: it takes the target for one of SCSI-1 then, as QEMU's answer says no
 * version, and looks no further than LUN 7 (scsi_probe_lun() and scsi_report_lun_scan() in
 * drivers/scsi). */
int luns_find_lost(const char *dev_dir, int sysfd, const struct disk *first, const char *devpath);
