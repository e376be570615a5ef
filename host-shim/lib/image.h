/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image that is to become a disk: where it is, its format, its size, whether it can be used. */
#pragma once

#include "connection.h"
#include "hotslot.h"

struct image {
	char *path;	    /* as source.h has it, absolute */
	const char *format; /* "raw", "qcow2", …; a constant, or the caller's */
	bool block;	    /* a block device */
	bool network;	    /* neither a file nor a device that this host has by a path */
	bool read_only;
	bool shared;   /* others may write to it at the same time */
	bool used;     /* it may be open elsewhere: it is for later */
	uint64_t size; /* of the disk, bytes; 0: libvirt knows once it is attached */
};

enum {
	IMAGE_READ_ONLY = 1,
	IMAGE_SHARED = 2,
	IMAGE_USED = 4,
};

/* PATH is a text of source.h. Finds the format and checks that the image can be used: it exists,
 * is no directory, may be read (and written), is not empty, is what its name says, is not open
 * elsewhere. On a remote connection only what needs no file. */
int image_check(struct hotslot *hotslot, const char *path, const char *format, unsigned flags,
	struct image *ret, struct hotslot_error *error);

/* The same of a disk whose XML is the user's own, as far as this host can tell: a file or device
 * that is not there, or that we may not read, is libvirt's to judge. Its format is NULL if the XML
 * says none, which means raw. */
int image_check_given(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error);

void image_done(struct image *image);

#define _cleanup_image_ _cleanup_(image_done)

/* Whether another process holds the open image FD in a way that rules our use of it out. */
int image_is_locked(int fd, bool read_only, bool shared);

/* Whether QEMU, or what locks as it does, has the open image FD as a disk of any kind. */
int image_is_open(int fd);
