/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that lie: reading, changing and writing them. */
#include "images.h"

#include "../unit/test.h"

#include <dirent.h>
#include <inttypes.h>

/* A seed is small, see tests/mutate/seeds. */
#define SEED_MAX 65536

/* Changes to one image: several, as the check of one field hides the next. */
#define CHANGES_MAX 4
#define FLIPS_MAX 8

/* Larger than any disk that libblkid has seen, and still fit for a sparse file. */
#define SIZE_MAX_MUTATED (UINT64_C(1) << 43)

/* Where superblocks are: copies go here. */
#define FRONT_SIZE (128 * 1024)

/* ---- reading ---- */

static int read_bytes(const char *hex, unsigned char *ret, size_t *ret_length)
{
	size_t n = strlen(hex) / 2;

	if (n > IMAGE_EXTENT_SIZE)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &ret[i]) != 1)
			return -EBADMSG;
	*ret_length = n;
	return 0;
}

static int read_line(const char *line, struct image *image)
{
	char hex[2 * IMAGE_EXTENT_SIZE + 1];

	if (sscanf(line, "is %31s", image->is) == 1 ||
		sscanf(line, "size %" SCNu64, &image->size) == 1)
		return 0;
	if (image->n == IMAGE_EXTENTS_MAX)
		return -E2BIG;
	if (sscanf(line, "%" SCNx64 " %64[0-9a-f]", &image->extents[image->n].offset, hex) != 2)
		return -EBADMSG;
	image->n++;
	return read_bytes(
		hex, image->extents[image->n - 1].bytes, &image->extents[image->n - 1].length);
}

static int read_image(int directory, const char *name, struct image *ret)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	size_t length;
	int r = read_file_at(directory, name, SEED_MAX, &text, &length);

	*ret = (struct image){};
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (*line)
			r = read_line(line, ret);
	return r;
}

int images_read(const char *directory, struct images *ret)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort), r = 0;
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (n < 0 || dir < 0)
		return -errno;
	ret->n = 0;
	for (int i = 0; i < n; i++) {
		if (r == 0 && entries[i]->d_name[0] != '.')
			r = ret->n == IMAGES_MAX
				    ? -E2BIG
				    : read_image(dir, entries[i]->d_name, &ret->images[ret->n++]);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* ---- changing ---- */

static size_t any_extent(struct image *image, struct generator *generator)
{
	return next_number(generator, (uint32_t)image->n);
}

static void flip_bits(struct image *image, struct generator *generator)
{
	size_t i = any_extent(image, generator);
	uint32_t n = 1 + next_number(generator, FLIPS_MAX);

	while (n-- > 0) {
		uint32_t bit = next_number(generator, (uint32_t)image->extents[i].length * 8);

		image->extents[i].bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
}

/* Little endian, unless BIG. */
static void put_field(unsigned char *bytes, size_t width, uint64_t value, bool big)
{
	for (size_t i = 0; i < width; i++)
		bytes[big ? width - 1 - i : i] = (unsigned char)(value >> 8 * i);
}

static void set_field(struct image *image, struct generator *generator)
{
	const uint64_t values[] = { 0, 1, 0x7f, 0xff, 0x7fff, 0x8000, 0xffff, INT32_MAX,
		(uint64_t)INT32_MAX + 1, UINT32_MAX, INT64_MAX, UINT64_MAX, image->size,
		image->size - 1, image->size / 512, image->size / 4096 };
	size_t i = any_extent(image, generator);
	size_t width = (size_t)1 << next_number(generator, 4);
	size_t fields = image->extents[i].length / width;
	uint64_t value = values[next_number(generator, ARRAY_SIZE(values))];

	if (fields > 0)
		put_field(
			image->extents[i].bytes + width * next_number(generator, (uint32_t)fields),
			width, value, next_number(generator, 2));
}

static void move_end(struct image *image, struct generator *generator)
{
	uint64_t sectors = image->size / 512;

	if (next_number(generator, 4) == 0)
		image->size = SIZE_MAX_MUTATED >> next_number(generator, 12);
	else
		image->size = next_number(generator, (uint32_t)sectors + 1) * UINT64_C(512);
}

static void copy_part(struct image *image, struct generator *generator)
{
	size_t i = any_extent(image, generator);

	if (image->n == IMAGE_EXTENTS_MAX)
		return;
	image->extents[image->n] = image->extents[i];
	image->extents[image->n++].offset =
		next_number(generator, FRONT_SIZE / 512) * UINT64_C(512) +
		image->extents[i].offset % 512;
}

static void add_other(struct image *image, const struct image *other, struct generator *generator)
{
	for (size_t i = 0; i < other->n && image->n < IMAGE_EXTENTS_MAX; i++)
		if (next_number(generator, 4) > 0)
			image->extents[image->n++] = other->extents[i];
}

void image_mutate(const struct images *images, uint32_t number, struct image *ret)
{
	struct generator generator = { .state = number };
	uint32_t changes = 1 + next_number(&generator, CHANGES_MAX);

	*ret = images->images[number % images->n];
	while (changes-- > 0) {
		switch (next_number(&generator, 8)) {
		case 0:
			move_end(ret, &generator);
			break;
		case 1:
			copy_part(ret, &generator);
			break;
		case 2:
			add_other(ret,
				&images->images[next_number(&generator, (uint32_t)images->n)],
				&generator);
			break;
		case 3:
		case 4:
			flip_bits(ret, &generator);
			break;
		default:
			set_field(ret, &generator);
			break;
		}
	}
}

/* ---- writing ---- */

int image_write(const struct image *image, int fd)
{
	if (ftruncate(fd, (off_t)image->size) < 0)
		return -errno;
	for (size_t i = 0; i < image->n; i++) {
		uint64_t offset = image->extents[i].offset;
		size_t length = image->extents[i].length;

		/* Beyond its end there is nothing. */
		if (offset + length <= image->size && pwrite(fd, image->extents[i].bytes, length,
							      (off_t)offset) != (ssize_t)length)
			return errno ? -errno : -EIO;
	}
	return 0;
}
