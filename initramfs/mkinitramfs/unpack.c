/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are kept compressed, by libarchive. */
#include "unpack.h"

#include <archive.h>
#include <string.h>

#include "log.h"
#include "util.h"

#define READ_SIZE 65536

static void archive_freep(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

static int fail(struct archive *archive, const char *path)
{
	int r = archive_errno(archive);

	log_error("cannot unpack %s: %s", path, archive_error_string(archive));
	return r > 0 ? -r : -EIO;
}

/* All that is left of the one file in it. */
static int read_all(struct archive *archive, const char *path, FILE *stream)
{
	char buffer[READ_SIZE];
	size_t length = 0;
	la_ssize_t n;

	while ((n = archive_read_data(archive, buffer, sizeof(buffer))) > 0) {
		length += (size_t)n;
		if (length > UNPACKED_MAX) {
			log_error("cannot unpack %s: %s", path, strerror(EFBIG));
			return -EFBIG;
		}
		if (fwrite(buffer, 1, (size_t)n, stream) != (size_t)n)
			return -ENOMEM;
	}
	return n < 0 ? fail(archive, path) : 0;
}

int unpack_file(const char *path, char **ret, size_t *ret_length)
{
	_cleanup_(archive_freep) struct archive *archive = archive_read_new();
	_cleanup_free_ char *data = NULL;
	struct archive_entry *entry;
	size_t length;
	FILE *stream;
	int r;

	if (!archive)
		return -ENOMEM;
	if (archive_read_support_filter_all(archive) < ARCHIVE_WARN ||
		archive_read_support_format_raw(archive) != ARCHIVE_OK ||
		archive_read_open_filename(archive, path, READ_SIZE) != ARCHIVE_OK ||
		archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return fail(archive, path);
	stream = open_memstream(&data, &length);
	if (!stream)
		return -errno;
	r = read_all(archive, path, stream);
	if (fclose(stream) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret = steal_pointer(data);
	*ret_length = length;
	return 0;
}
