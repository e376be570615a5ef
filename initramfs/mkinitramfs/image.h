/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into an initramfs: a sorted set of paths and where their contents come from. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct image_entry {
	char *path;    /* without the first slash */
	mode_t mode;   /* type and permissions */
	dev_t device;  /* of a device node */
	char *source;  /* of a file: the one to copy, NULL if it has data; of a symlink: its target
			*/
	char *data;    /* of a file without a source */
	size_t length; /* of the data */
};

struct image {
	struct image_entry *entries; /* sorted by path, so parents come before their children */
	size_t count;
	size_t allocated;
};

void image_done(struct image *image);

/* Each adds one path, absolute as in the running appliance, and the directories above it. The
 * image has a merged /usr: "/lib/x" is kept as "usr/lib/x". What is there already stays, so the
 * first one wins. Strings are copied. Logs what fails. Returns -EINVAL for a path with "..",
 * -ENOTDIR if the path leads through something that is no directory. */
int image_add_directory(struct image *image, const char *path, mode_t permissions);
int image_add_file(struct image *image, const char *path, const char *source, mode_t permissions);
int image_add_text(struct image *image, const char *path, const char *data);
int image_add_data(struct image *image, const char *path, const void *data, size_t length);
int image_add_symlink(struct image *image, const char *path, const char *target);
int image_add_console(struct image *image);
