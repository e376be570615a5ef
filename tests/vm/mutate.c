/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes mutated images for the tests in VMs: mutate SEEDS DIRECTORY FIRST COUNT makes
 * DIRECTORY/mutated-N, see ../mutate/images.h. */
#include "../mutate/images.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* QEMU wants whole sectors, at least one. */
#define SECTOR 512

static int write_one(const struct images *images, const char *directory, uint32_t number)
{
	_cleanup_close_ int fd = -1;
	char path[4096];
	struct image image;

	image_mutate(images, number, &image);
	image.size -= image.size % SECTOR;
	if (image.size == 0)
		image.size = SECTOR;
	snprintf(path, sizeof(path), "%s/mutated-%u", directory, number);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : image_write(&image, fd);
}

int main(int argc, char **argv)
{
	static struct images images;
	uint64_t first, count;
	int r;

	if (argc != 5 || parse_u64(argv[3], UINT32_MAX, &first) < 0 ||
		parse_u64(argv[4], 1000000, &count) < 0) {
		fprintf(stderr, "usage: mutate SEEDS DIRECTORY FIRST COUNT\n");
		return EXIT_FAILURE;
	}
	r = images_read(argv[1], &images);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		r = write_one(&images, argv[2], (uint32_t)(first + i));
	if (r < 0)
		fprintf(stderr, "mutate: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
