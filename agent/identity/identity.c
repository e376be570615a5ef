/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a disk is: the one function that the helper, the agent and the tests all call. */
#include "identity.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "place.h"
#include "util.h"
#include "vpd.h"

/* Sysfs counts disks in sectors of this size, whatever their logical blocks. */
#define SECTOR_SIZE 512

/* A VPD page has a 16-bit length. */
#define VPD_PAGE_MAX (65535 + 4)

const char *disk_status_name(enum disk_status status)
{
	static const char *const names[] = {
		[DISK_SLOTTED] = "slotted",
		[DISK_UNSLOTTED] = "unslotted",
		[DISK_SYSTEM] = "system",
		[DISK_FOREIGN] = "foreign",
	};

	return names[status];
}

int identity_read_for(const struct view *view, const char *devpath, struct identity *ret)
{
	system_disks_find(view, &ret->system);
	return controller_find(view, &ret->system, devpath, ret->controller);
}

int identity_read(const struct view *view, struct identity *ret)
{
	return identity_read_for(view, "", ret);
}

static int fail(int r, const char *attribute, const char *reason, struct identity_error *error)
{
	snprintf(error->attribute, sizeof(error->attribute), "%s", attribute);
	snprintf(error->reason, sizeof(error->reason), "%s", reason ? reason : strerror(-r));
	return r;
}

/* Reads a number and checks it against MAX, so that what is computed from it fits. */
static int read_number(
	int dir, const char *attribute, uint64_t max, uint64_t *ret, struct identity_error *error)
{
	uint64_t value;
	int r = read_attr_u64_at(dir, attribute, &value);

	if (r == -EBADMSG)
		return fail(r, attribute, "is no number", error);
	if (r < 0)
		return fail(r, attribute, NULL, error);
	if (value > max)
		return fail(-EBADMSG, attribute, "is out of range", error);
	*ret = value;
	return 0;
}

static int read_devnum(int dir, dev_t *ret, struct identity_error *error)
{
	char text[DEVNUM_TEXT_SIZE];
	int r = read_attr_at(dir, "dev", text, sizeof(text));

	if (r < 0)
		return fail(r, "dev", NULL, error);
	return devnum_parse(text, ret) < 0 ? fail(-EBADMSG, "dev", "is no device number", error)
					   : 0;
}

/* A page of another shape is an error, not a guess. */
int disk_read_serial(int dir, char *ret, struct identity_error *error)
{
	static const char attribute[] = "device/vpd_pg80";
	_cleanup_free_ char *page = NULL;
	char name[4 * SERIAL_MAX + 1];
	const char *serial;
	size_t length;
	int r;

	*ret = '\0';
	r = read_file_at(dir, attribute, VPD_PAGE_MAX, &page, &length);
	if (r == -ENOENT || (r == 0 && length == 0))
		return 0;
	if (r < 0)
		return fail(r, attribute, NULL, error);
	r = vpd_find_serial(page, length, &serial, &length);
	if (r < 0)
		return fail(r, attribute, "is malformed: its length is not the one it says", error);
	if (length > SERIAL_MAX)
		return 0;
	serial_encode(serial, length, name);
	if (strlen(name) <= SERIAL_ENCODED_MAX)
		strcpy(ret, name);
	return 0;
}

static int read_attributes(int dir, struct disk *disk, struct identity_error *error)
{
	uint64_t sectors = 0, block_size = 0, read_only = 0;
	int r;

	if ((r = read_number(dir, "size", INT64_MAX / SECTOR_SIZE, &sectors, error)) < 0 ||
		(r = read_number(dir, "queue/logical_block_size", UINT32_MAX, &block_size, error)) <
			0 ||
		(r = read_number(dir, "ro", 1, &read_only, error)) < 0 ||
		(r = read_number(dir, "diskseq", UINT64_MAX, &disk->diskseq, error)) < 0 ||
		(r = disk_read_serial(dir, disk->serial, error)) < 0)
		return r;
	disk->size = sectors * SECTOR_SIZE;
	disk->block_size = (uint32_t)block_size;
	disk->read_only = read_only;
	return 0;
}

static enum disk_status judge(
	const struct identity *identity, const struct place *place, dev_t devnum)
{
	if (!*identity->controller || strcmp(place->controller, identity->controller) ||
		place->channel != 0)
		return DISK_FOREIGN;
	if (place->target == SLOT_SYSTEM_TARGET || identity->system.undecided ||
		system_disks_contain(&identity->system, devnum))
		return DISK_SYSTEM;
	return slot_exists(place->target, place->lun) ? DISK_SLOTTED : DISK_UNSLOTTED;
}

static int identify_at(int dir, const struct identity *identity, const struct place *place,
	struct disk *disk, struct identity_error *error)
{
	int r = read_devnum(dir, &disk->devnum, error);

	if (r < 0)
		return r;
	disk->status = judge(identity, place, disk->devnum);
	strcpy(disk->name, place->name);
	strcpy(disk->controller, place->controller);
	disk->target = place->target;
	disk->lun = place->lun;
	if (disk->status == DISK_SLOTTED)
		disk->slot = slot_from_place(disk->target, disk->lun);
	if (disk_is_ours(disk))
		return read_attributes(dir, disk, error);
	return 0;
}

int disk_open_directory(const struct view *view, const char *devpath)
{
	int fd = openat(view->sys, devpath + (*devpath == '/'), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int disk_identify_at(int dir, const struct identity *identity, const char *devpath,
	struct disk *ret, struct identity_error *ret_error)
{
	struct disk disk = {};
	struct place place = {};
	int r;

	if (dir < 0)
		return fail(dir == -ENOENT ? -ENODEV : dir, "path", NULL, ret_error);
	r = place_parse(devpath, &place);
	if (r < 0)
		return fail(-EBADMSG, "path", "is no SCSI disk's", ret_error);
	if (r == PLACE_ELSEWHERE) {
		const char *name = strrchr(devpath, '/');

		snprintf(place.name, sizeof(place.name), "%s", name ? name + 1 : devpath);
	}
	r = identify_at(dir, identity, &place, &disk, ret_error);
	/* An attribute is also missing when the disk goes away under the reader. */
	if (r == -ENOENT && faccessat(dir, "dev", F_OK, 0) < 0)
		r = -ENODEV;
	if (r < 0)
		return r;
	*ret = disk;
	return 0;
}

int disk_identify(const struct view *view, const struct identity *identity, const char *devpath,
	struct disk *ret, struct identity_error *ret_error)
{
	_cleanup_close_ int dir = disk_open_directory(view, devpath);

	return disk_identify_at(dir, identity, devpath, ret, ret_error);
}
