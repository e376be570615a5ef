/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trees that an identity is read from; tests point them at trees of their own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct view {
	int sys;       /* /sys */
	int proc;      /* /proc */
	int etc;       /* /etc, or -1 if there is none */
	int run;       /* /run, or -1 if there is none */
	bool starting; /* the guest has yet to get the drivers of disks */
};

#define VIEW_NONE                     \
	{                             \
		-1, -1, -1, -1, false \
	}

/* Opens the trees below ROOT ("" for the real ones). Returns a negative errno if there is no /sys
 * or no /proc. The caller closes it with view_close(). */
int view_open(const char *root, struct view *ret);
void view_close(struct view *view);

/* Finds the sysfs directory of a block device by its kernel name or "MAJOR:MINOR", relative to
 * /sys: "devices/…/block/sda". Returns -ENODEV if there is none. */
int view_find_block(const struct view *view, const char *name, char *ret, size_t size);

/* Reads a link of sysfs (PATH is relative to /sys) and returns where it leads, relative to /sys
 * too, without looking whether that is there. */
int view_read_link(const struct view *view, const char *path, char *ret, size_t size);
