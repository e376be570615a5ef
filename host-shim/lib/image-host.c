/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host has an image for besides. */
#include "image-host.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util.h"

/* LVM on RAID on partitions of a loop device: deeper than anybody builds. */
#define DEPTH_MAX 16

/* A file or a block device: of the latter there may be several nodes. */
struct node {
	bool block;
	dev_t device;
	ino_t file;
};

static struct node node_of(const struct stat *st)
{
	if (S_ISBLK(st->st_mode))
		return (struct node){ .block = true, .device = st->st_rdev };
	return (struct node){ .device = st->st_dev, .file = st->st_ino };
}

static bool is_same(const struct node *a, const struct node *b)
{
	return a->block == b->block && a->device == b->device && a->file == b->file;
}

/* ---- what a device stands on ---- */

static int read_device(int dir, const char *path, struct node *ret)
{
	unsigned major, minor;
	char text[32], end;
	int r = read_attr_at(dir, path, text, sizeof(text));

	if (r < 0)
		return r;
	if (sscanf(text, "%u:%u%c", &major, &minor, &end) != 2)
		return -EBADMSG;
	*ret = (struct node){ .block = true, .device = makedev(major, minor) };
	return 0;
}

static int stat_backing_file(int dir, const char *path, struct stat *ret)
{
	_cleanup_free_ char *file = NULL;
	size_t length;
	int r = read_file_at(dir, path, PATH_MAX, &file, &length);

	if (r < 0)
		return r;
	file[strcspn(file, "\n")] = '\0';
	return stat(file, ret) < 0 ? -errno : 0;
}

static bool stands_on(int sys, const struct node *a, const struct node *b, unsigned depth);

static bool member_stands_on(int sys, int dir, const struct node *b, unsigned depth)
{
	_cleanup_closedir_ DIR *slaves = open_directory_at(dir, "slaves");
	struct dirent *entry;
	struct node below;

	while (slaves && (entry = readdir(slaves))) {
		char path[NAME_MAX + sizeof("/dev")];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/dev", entry->d_name);
		if (read_device(dirfd(slaves), path, &below) == 0 &&
			stands_on(sys, &below, b, depth))
			return true;
	}
	return false;
}

/* Whether A is B, or is made of it. */
static bool stands_on(int sys, const struct node *a, const struct node *b, unsigned depth)
{
	_cleanup_close_ int dir = -1;
	struct node below;
	struct stat file;
	char path[64];

	if (is_same(a, b))
		return true;
	if (!a->block || depth == DEPTH_MAX)
		return false;
	snprintf(path, sizeof(path), "dev/block/%u:%u", major(a->device), minor(a->device));
	dir = openat(sys, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	if (faccessat(dir, "partition", F_OK, 0) == 0)
		return read_device(dir, "../dev", &below) == 0 &&
		       stands_on(sys, &below, b, depth + 1);
	if (stat_backing_file(dir, "loop/backing_file", &file) == 0) {
		below = node_of(&file);
		return stands_on(sys, &below, b, depth + 1);
	}
	return member_stands_on(sys, dir, b, depth + 1);
}

bool image_host_overlaps(int sys, const struct stat *a, const struct stat *b)
{
	const struct node one = node_of(a), other = node_of(b);

	return stands_on(sys, &one, &other, 0) || stands_on(sys, &other, &one, 0);
}

/* ---- SCSI devices ---- */

int image_host_find_scsi(int sys, const char *text, struct stat *ret)
{
	_cleanup_closedir_ DIR *disks = NULL;
	unsigned host, bus, target, unit;
	struct dirent *entry;
	char path[96];
	int end = 0;

	if (sscanf(text, "scsi_host%9u:%9u:%9u:%9u%n", &host, &bus, &target, &unit, &end) != 4 ||
		text[end])
		return -ENOENT;
	snprintf(path, sizeof(path), "class/scsi_device/%u:%u:%u:%u/device/block", host, bus,
		target, unit);
	disks = open_directory_at(sys, path);
	while (disks && (entry = readdir(disks))) {
		char device[NAME_MAX + sizeof("/dev")];
		struct node node;

		snprintf(device, sizeof(device), "%s/dev", entry->d_name);
		if (entry->d_name[0] == '.' || read_device(dirfd(disks), device, &node) < 0)
			continue;
		*ret = (struct stat){ .st_mode = S_IFBLK, .st_rdev = node.device };
		return 0;
	}
	return -ENOENT;
}

/* ---- loop devices ---- */

bool image_host_find_loop(int sys, const struct stat *file, char ret_name[static BLOCK_NAME_SIZE])
{
	/* Not "block", whose links would be followed, for each. */
	_cleanup_closedir_ DIR *devices = open_directory_at(sys, "devices/virtual/block");
	const struct node wanted = node_of(file);
	struct dirent *entry;

	while (devices && (entry = readdir(devices))) {
		char path[NAME_MAX + sizeof("/loop/backing_file")];
		struct stat st;
		struct node node;

		if (strncmp(entry->d_name, "loop", strlen("loop")) != 0 ||
			strlen(entry->d_name) >= BLOCK_NAME_SIZE)
			continue;
		snprintf(path, sizeof(path), "%s/loop/backing_file", entry->d_name);
		if (stat_backing_file(dirfd(devices), path, &st) < 0)
			continue;
		node = node_of(&st);
		if (!is_same(&node, &wanted))
			continue;
		strcpy(ret_name, entry->d_name);
		return true;
	}
	return false;
}

/* ---- NVMe ---- */

/* Of a disk with several paths, each controller has one, "nvme0c1n1", and the disk is "nvme0n1". */
static bool name_disk(const char *entry, char ret_name[static BLOCK_NAME_SIZE])
{
	unsigned subsystem, path, space;
	int end = 0;

	if (sscanf(entry, "nvme%9uc%9un%9u%n", &subsystem, &path, &space, &end) != 3 || end == 0) {
		end = 0;
		if (sscanf(entry, "nvme%9un%9u%n", &subsystem, &space, &end) != 2 || end == 0)
			return false;
	}
	snprintf(ret_name, BLOCK_NAME_SIZE, "nvme%un%u", subsystem, space);
	return entry[end] == '\0';
}

static bool find_held(int dir, bool (*fn)(const char *name), char ret_name[static BLOCK_NAME_SIZE])
{
	_cleanup_closedir_ DIR *spaces = open_directory_at(dir, ".");
	struct dirent *entry;

	while (spaces && (entry = readdir(spaces)))
		if (name_disk(entry->d_name, ret_name) && fn(ret_name))
			return true;
	return false;
}

bool image_host_find_nvme(int sys, const struct source *source, bool (*fn)(const char *name),
	char ret_name[static BLOCK_NAME_SIZE])
{
	_cleanup_closedir_ DIR *controllers = NULL;
	struct dirent *entry;
	char path[64];

	snprintf(path, sizeof(path), "bus/pci/devices/%04x:%02x:%02x.%x/nvme", source->domain,
		source->bus, source->slot, source->function);
	controllers = open_directory_at(sys, path);
	while (controllers && (entry = readdir(controllers))) {
		_cleanup_close_ int dir = -1;

		if (entry->d_name[0] == '.')
			continue;
		dir = openat(dirfd(controllers), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0 && find_held(dir, fn, ret_name))
			return true;
	}
	return false;
}

bool image_host_holds(const char *path)
{
	/* On a block device, O_EXCL says whether somebody has it for himself. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 && errno == EBUSY;
}
