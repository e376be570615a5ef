/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCSI commands to a disk that the kernel has, past what it keeps of it. */
#include "scsi-command.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "util.h"

#define SENSE_SIZE 64
#define ASC_NO_SUCH_LUN 0x25
#define ASC_WAS_RESET 0x29

/* The SCSI midlayer's DID_OK and DID_BAD_TARGET: nobody is there. By DID_NO_CONNECT it only says
 * that it has set the device offline, or drops it: scsi_queue_rq() in drivers/scsi/scsi_lib.c. */
#define HOST_OK 0x00
#define HOST_BAD_TARGET 0x04

/* A command fails once for each thing that the disk has to tell first: that it was reset, that its
 * capacity has changed, that the LUNs of the target have. */
#define ATTEMPTS 5

/* Of the kernel; virtio_scsi starts it anew each time, so that it never comes to that. */
#define COMMAND_MS 10000

int scsi_open(const char *path, const struct disk *disk)
{
	/* Never for writing: closing it then makes a change event and a rescan of partitions. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	uint64_t diskseq;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq) < 0)
		diskseq = 0; /* before Linux 5.15 */
	if (st.st_rdev != disk->devnum || diskseq != disk->diskseq)
		return -ESTALE;
	return steal_fd(&fd);
}

struct sense sense_parse(const uint8_t *data, size_t length)
{
	if (length >= 14 && (data[0] & 0x7e) == 0x70)
		return (struct sense){ data[2] & 0xf, data[12], data[13] };
	if (length >= 4 && (data[0] & 0x7e) == 0x72)
		return (struct sense){ data[1] & 0xf, data[2], data[3] };
	return (struct sense){};
}

struct scsi_outcome outcome_parse(const struct sg_io_hdr *header)
{
	struct scsi_outcome outcome = { .answered = header->host_status == HOST_OK };

	if (header->resid >= 0 && (unsigned)header->resid <= header->dxfer_len)
		outcome.length = header->dxfer_len - (unsigned)header->resid;
	outcome.sense = sense_parse(header->sbp, header->sb_len_wr);
	outcome.absent = header->host_status == HOST_BAD_TARGET ||
			 (outcome.sense.key == SENSE_ILLEGAL_REQUEST &&
				 outcome.sense.asc == ASC_NO_SUCH_LUN);
	return outcome;
}

/* Returns 0 or a negative errno, -EIO with what the disk has said. */
static int command(
	int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length, struct scsi_outcome *ret)
{
	uint8_t sense[SENSE_SIZE] = {};
	struct sg_io_hdr header = { .interface_id = 'S',
		.dxfer_direction = length ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
		.cmd_len = (unsigned char)n,
		.mx_sb_len = sizeof(sense),
		.dxfer_len = length,
		.dxferp = data,
		.cmdp = cdb,
		.sbp = sense,
		.timeout = COMMAND_MS };

	*ret = (struct scsi_outcome){};
	if (ioctl(fd, SG_IO, &header) < 0)
		return -errno;
	*ret = outcome_parse(&header);
	return (header.info & SG_INFO_OK_MASK) == SG_INFO_OK ? 0 : -EIO;
}

int scsi_command(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset)
{
	int r = -EIO;

	for (unsigned i = 0; i < ATTEMPTS && r == -EIO; i++) {
		r = command(fd, cdb, n, data, length, ret);
		if (r == 0 || ret->sense.key != SENSE_UNIT_ATTENTION)
			break;
		*was_reset |= ret->sense.asc == ASC_WAS_RESET;
	}
	return r;
}
