/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices as sysfs and the kernel's uevents show them. PID 1 is a static program, and there
 * is no static libudev. */
#pragma once

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "uevent.h"

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

/* Whether a block device came, or has changed. Pure. */
bool block_device_came(const struct uevent *event);
