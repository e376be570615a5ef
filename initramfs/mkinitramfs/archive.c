/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes an image as the archive that the kernel unpacks: cpio "newc", by libarchive. */
#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "util.h"

#define COPY_SIZE 65536

static const char *const compression_names[] = {
	[COMPRESS_NONE] = "none",
	[COMPRESS_GZIP] = "gzip",
	[COMPRESS_ZSTD] = "zstd",
};

int compression_parse(const char *name, enum compression *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(compression_names); i++)
		if (!strcmp(name, compression_names[i])) {
			*ret = (enum compression)i;
			return 0;
		}
	return -EINVAL;
}

static void archive_freep(struct archive **archive)
{
	if (*archive)
		archive_write_free(*archive);
}

static void archive_entry_freep(struct archive_entry **entry)
{
	if (*entry)
		archive_entry_free(*entry);
}

static int fail(struct archive *archive, const char *path)
{
	int r = archive_errno(archive);

	log_error("cannot write %s to the image: %s", path, archive_error_string(archive));
	return r > 0 ? -r : -EIO;
}

static int write_data(
	struct archive *archive, const struct image_entry *entry, const char *data, size_t length)
{
	return archive_write_data(archive, data, length) == (ssize_t)length
		       ? 0
		       : fail(archive, entry->path);
}

static int copy_contents(
	struct archive *archive, const struct image_entry *entry, int fd, int64_t size)
{
	char buffer[COPY_SIZE];

	while (size > 0) {
		size_t want = size < COPY_SIZE ? (size_t)size : COPY_SIZE;
		ssize_t n = read(fd, buffer, want);
		int r;

		if (n <= 0) {
			r = n < 0 ? -errno : -EIO; /* it became shorter meanwhile */
			log_error("cannot read %s: %s", entry->source, strerror(-r));
			return r;
		}
		r = write_data(archive, entry, buffer, (size_t)n);
		if (r < 0)
			return r;
		size -= n;
	}
	return 0;
}

static int open_source(const char *path, int *ret_fd, int64_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r < 0) {
		log_error("cannot read %s: %s", path,
			r == -EINVAL ? "not a regular file" : strerror(-r));
		return r;
	}
	*ret_size = st.st_size;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Owner, time and device are left at 0: the same bytes wherever and whenever it is made. */
static int write_entry(struct archive *archive, const struct image_entry *entry, int64_t inode)
{
	_cleanup_(archive_entry_freep) struct archive_entry *header = archive_entry_new();
	_cleanup_close_ int fd = -1;
	int64_t size = (int64_t)entry->length;
	int r;

	if (!header)
		return -ENOMEM;
	if (S_ISREG(entry->mode) && entry->source) {
		r = open_source(entry->source, &fd, &size);
		if (r < 0)
			return r;
	}
	archive_entry_set_pathname(header, entry->path);
	archive_entry_set_mode(header, entry->mode);
	archive_entry_set_ino64(header, inode);
	archive_entry_set_nlink(header, S_ISDIR(entry->mode) ? 2 : 1);
	archive_entry_set_mtime(header, 0, 0);
	archive_entry_set_size(header, size);
	if (S_ISLNK(entry->mode))
		archive_entry_set_symlink(header, entry->source);
	if (S_ISCHR(entry->mode))
		archive_entry_set_rdev(header, entry->device);
	if (archive_write_header(archive, header) != ARCHIVE_OK)
		return fail(archive, entry->path);
	if (entry->data)
		return write_data(archive, entry, entry->data, (size_t)size);
	return fd >= 0 ? copy_contents(archive, entry, fd, size) : 0;
}

static int set_compression(struct archive *archive, enum compression compression)
{
	switch (compression) {
	case COMPRESS_NONE:
		return archive_write_add_filter_none(archive);
	case COMPRESS_GZIP:
		/* No time in the header. Level 9 takes a second and saves the guest none. */
		if (archive_write_add_filter_gzip(archive) != ARCHIVE_OK)
			return ARCHIVE_FAILED;
		return archive_write_set_filter_option(archive, "gzip", "timestamp", NULL);
	case COMPRESS_ZSTD:
		return archive_write_add_filter_zstd(archive);
	}
	return ARCHIVE_FAILED;
}

static int write_archive(const struct image *image, enum compression compression, int fd)
{
	_cleanup_(archive_freep) struct archive *archive = archive_write_new();
	int r;

	if (!archive)
		return -ENOMEM;
	if (archive_write_set_format_cpio_newc(archive) != ARCHIVE_OK ||
		set_compression(archive, compression) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK ||
		archive_write_open_fd(archive, fd) != ARCHIVE_OK)
		return fail(archive, "the header");
	for (size_t i = 0; i < image->count; i++) {
		r = write_entry(archive, &image->entries[i], (int64_t)i + 1);
		if (r < 0)
			return r;
	}
	return archive_write_close(archive) == ARCHIVE_OK ? 0 : fail(archive, "the end");
}

static mode_t output_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Where the file is that a link leads to; only a regular one is replaced, and no device or pipe. */
static int find_output(const char *output, char **ret)
{
	struct stat st;

	if (stat(output, &st) < 0) {
		*ret = strdup(output);
		return *ret ? 0 : -ENOMEM;
	}
	if (!S_ISREG(st.st_mode)) {
		log_error("%s is no regular file, which the initramfs is written beside and "
			  "renamed to; name another",
			output);
		return -EINVAL;
	}
	*ret = realpath(output, NULL);
	return *ret ? 0 : -errno;
}

int archive_save(const struct image *image, enum compression compression, const char *path)
{
	_cleanup_free_ char *output = NULL;
	_cleanup_close_ int fd = -1;
	char temporary[PATH_MAX];
	int r;

	r = find_output(path, &output);
	if (r < 0)
		return r;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", output) >=
		sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		log_error("cannot create a file beside %s: %s", output, strerror(-r));
		return r;
	}
	r = write_archive(image, compression, fd);
	if (r == 0 && (fchmod(fd, output_mode()) < 0 || rename(temporary, output) < 0)) {
		r = -errno;
		log_error("cannot replace %s: %s", output, strerror(-r));
	}
	if (r < 0)
		unlink(temporary);
	return r;
}
