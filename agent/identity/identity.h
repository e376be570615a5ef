/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a disk is: the one function that the helper, the agent and the tests all call. */
#pragma once

#include "controller.h"
#include "disk.h"
#include "system.h"
#include "view.h"

/* What every disk is judged by. */
struct identity {
	char controller[CONTROLLER_SIZE]; /* the managed one; empty if there is none */
	struct system_disks system;
};

/* Why disk_identify() failed: which attribute, and what is wrong with it. */
struct identity_error {
	char attribute[32];
	char reason[96];
};

/* Reads the managed controller and the system's disks. Returns a negative errno as
 * controller_find() does. */
int identity_read(const struct view *view, struct identity *ret);

/* The same for the disk at DEVPATH alone: what that says of its controller is not looked up. */
int identity_read_for(const struct view *view, const char *devpath, struct identity *ret);

/* Turns the disk at DEVPATH (relative to /sys, "devices/…/block/sda") into a record. Reads sysfs
 * only and opens no disk. A disk that is the system's or none of ours has status, name, place and
 * devnum, the others the whole record. Returns -ENODEV if it is gone, -EBADMSG if sysfs says
 * something malformed, another negative errno if it cannot be read; *ret_error says where. */
int disk_identify(const struct view *view, const struct identity *identity, const char *devpath,
	struct disk *ret, struct identity_error *ret_error);

/* The same of a disk whose directory of sysfs is DIR: what disk_open_directory() has returned. */
int disk_identify_at(int dir, const struct identity *identity, const char *devpath,
	struct disk *ret, struct identity_error *ret_error);

/* Opens the directory of sysfs of the disk at DEVPATH, to look at it more than once. Returns a
 * descriptor or a negative errno. */
int disk_open_directory(const struct view *view, const char *devpath);

/* Reads the serial, encoded, of the disk whose directory of sysfs is DIR; empty if it has none, or
 * one that is too long for a file name. RET has SERIAL_ENCODED_MAX + 1 bytes. */
int disk_read_serial(int dir, char *ret, struct identity_error *ret_error);

/* Reads the partitions of the disk at DEVPATH in the order of their numbers. The caller frees
 * *ret. A partition that goes away meanwhile is left out. */
int disk_read_partitions(
	const struct view *view, const char *devpath, struct partition **ret, size_t *ret_count);

/* The same of a disk whose directory of sysfs is DIR, that nobody has read the entries of. */
int disk_read_partitions_at(
	int dir, const char *devpath, struct partition **ret, size_t *ret_count);
