/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image that is to become a disk: where it is, its format, its size, whether it can be used. */
#pragma once

#include "connection.h"
#include "hotslot.h"

struct image {
	char *path;	    /* absolute, or a URI with its port */
	const char *format; /* "raw", "qcow2", …; a constant, or the caller's */
	bool block;	    /* a block device */
	bool network;	    /* neither a file nor a device: path is a URI */
	bool read_only;
	uint64_t size; /* of the disk, bytes; 0: libvirt knows once it is attached */
};

/* PATH may be an iscsi:// URI. Finds the format and checks that the image can be used: it exists,
 * is no directory, may be read (and written), is not empty, is what its name says, is not open
 * elsewhere. On a remote connection only what needs no file. */
int image_check(struct hotslot *hotslot, const char *path, const char *format, bool read_only,
	struct image *ret, struct hotslot_error *error);

void image_done(struct image *image);

#define _cleanup_image_ _cleanup_(image_done)

/* Whether another process holds the open image FD in a way that rules our use of it out. */
int image_is_locked(int fd, bool read_only);

/* The name of an active domain that has the image as a disk, NULL if none is found. The caller
 * frees it. */
char *image_find_user(struct hotslot *hotslot, const char *path);
