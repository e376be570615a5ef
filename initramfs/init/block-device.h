/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices as sysfs and the kernel's uevents show them. PID 1 is a static program, and there
 * is no static libudev. */
#pragma once

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct block_device {
	char node[64];	     /* "/dev/sda1" */
	char disk[PATH_MAX]; /* "/devices/.../block/sda", of the whole disk */
	dev_t devnum;
	bool empty; /* has no medium in it, such as an unused loop device */
};

/* Reads the device NAME ("sda1", as in /sys/class/block) of the sysfs at SYSFD. Returns -ENOENT if
 * it is gone, -ENAMETOOLONG. */
int block_device_read(int sysfd, const char *name, struct block_device *ret);

/* The devices of a class, such as "block", sorted so that a disk comes before its partitions and
 * those in the order of their numbers. A class that is not there has none. The caller frees them
 * with device_names_free(). Returns their number. */
int device_names(int sysfd, const char *class, struct dirent ***ret);
void device_names_free(struct dirent **names, int n);

/* Opens a socket on which the kernel tells of each device, non-blocking. */
int uevents_open(int *ret_fd);

enum uevent {
	UEVENT_OTHER = 0,
	UEVENT_BLOCK = 1, /* a block device came or changed */
};

/* Receives one uevent. For an UEVENT_BLOCK, *ret_name is the name of the device, as in
 * /sys/class/block. Returns an enum uevent, -EAGAIN if nothing is left, -ENOBUFS if some were lost.
 */
int uevents_receive(int fd, char ret_name[NAME_MAX + 1]);

/* Parses a message of the kernel's: "add@/devices/.../sda", then KEY=VALUE, each with a NUL at its
 * end. Pure. Returns an enum uevent. */
enum uevent uevent_parse(const char *message, size_t length, char ret_name[NAME_MAX + 1]);
