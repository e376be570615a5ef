/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that lie: images of file systems and partition tables, of which only the bytes that tell
 * are kept, and changes to them that repeat themselves for the same number. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Runs of bytes in an image; the rest is zeros. */
#define IMAGE_EXTENTS_MAX 128
#define IMAGE_EXTENT_SIZE 32

struct image {
	char is[32]; /* what libblkid says of it, before it is changed */
	uint64_t size;
	size_t n;
	struct {
		uint64_t offset;
		size_t length;
		unsigned char bytes[IMAGE_EXTENT_SIZE];
	} extents[IMAGE_EXTENTS_MAX];
};

/* As many file systems as there are. */
#define IMAGES_MAX 64

struct images {
	size_t n;
	struct image images[IMAGES_MAX];
};

/* Reads all of a directory, in the order of their names: "is NAME", "size BYTES", and lines of an
 * offset and bytes, both in hexadecimal. Returns a negative errno. */
int images_read(const char *directory, struct images *ret);

/* Makes image NUMBER of an endless series: one of IMAGES with bits flipped, fields set to extremes,
 * the end cut off or far away, parts where they do not belong, or parts of another one. */
void image_mutate(const struct images *images, uint32_t number, struct image *ret);

/* Writes it to an empty file, with holes. */
int image_write(const struct image *image, int fd);
