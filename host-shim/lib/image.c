/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image that is to become a disk: where it is, its format, its size, whether it can be used. */
#include "image.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "error.h"
#include "image-format.h"
#include "image-use.h"
#include "image-user.h"
#include "image-volume.h"
#include "source.h"
#include "xml.h"

/* Of libvirt's, those that QEMU can write; a format in a request is one of them. */
static const char *const known_formats[] = { "raw", "qcow2", "qed", "vmdk", "vdi", "vpc", "qcow",
	"bochs", "cloop", "dmg" };

/* QEMU fills the last sector of a raw file up. */
#define SECTOR_SIZE 512

static const char *find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_formats); i++)
		if (strcmp(known_formats[i], name) == 0)
			return known_formats[i];
	return NULL;
}

static int open_image(struct image *image, struct stat *ret_st, struct hotslot_error *error)
{
	int flags = image->read_only ? O_RDONLY : O_RDWR;
	_cleanup_close_ int fd = -1;

	/* Looked at before it is opened: opening a FIFO or a tape does something. */
	if (stat(image->path, ret_st) < 0)
		return error_set(
			error, HOTSLOT_ERROR_IMAGE, "Cannot use image %s: %m", image->path);
	if (!S_ISREG(ret_st->st_mode) && !S_ISBLK(ret_st->st_mode))
		return error_set(error, HOTSLOT_ERROR_IMAGE,
			"Cannot use image %s: neither a file nor a block device", image->path);
	fd = open(image->path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(error, HOTSLOT_ERROR_IMAGE, "Cannot open image %s for %s: %m",
			image->path, image->read_only ? "reading" : "writing");
	image->block = S_ISBLK(ret_st->st_mode);
	return steal_fd(&fd);
}

static int choose_by_content(struct image *image, const unsigned char *header, size_t length)
{
	image->format = image_format_from_content(header, length) ?: "raw";
	return 0;
}

/* A raw image is never opened as anything else because of its content: a guest can write any
 * header to its disk, and that would give it files of the host. CONTENT: what it looks like, NULL:
 * nothing known. */
static int check_content(struct hotslot *hotslot, const struct image *image, const char *content,
	struct hotslot_error *error)
{
	if (strcmp(image->format, content ?: "raw") == 0)
		return 0;
	if (strcmp(image->format, "raw") != 0)
		return error_set(error, HOTSLOT_ERROR_IMAGE,
			"Image %s is named %s but is not one: say its format", image->path,
			image->format);
	connection_notice(hotslot,
		"%s is attached as raw although it looks like %s: say format "
		"%s if that is meant",
		image->path, content, content);
	return 0;
}

static int choose_by_name(struct hotslot *hotslot, struct image *image, const unsigned char *header,
	size_t length, struct hotslot_error *error)
{
	const char *named = image->block ? NULL : image_format_from_name(image->path);

	image->format = named ?: "raw";
	return check_content(hotslot, image, image_format_from_content(header, length), error);
}

static int check_size(struct image *image, int fd, const struct stat *st,
	const unsigned char *header, size_t length, struct hotslot_error *error)
{
	uint64_t size = st->st_size;

	if (image->block && ioctl(fd, BLKGETSIZE64, &size) < 0)
		return error_set(
			error, HOTSLOT_ERROR_IMAGE, "Cannot get the size of %s: %m", image->path);
	if (strcmp(image->format, "qcow2") == 0) {
		if (image_qcow2_size(header, length, &size) < 0)
			return error_set(error, HOTSLOT_ERROR_IMAGE,
				"Image %s is not in format qcow2", image->path);
	} else if (strcmp(image->format, "raw") != 0 && size > 0) {
		return 0;
	}
	if (size == 0)
		return error_set(error, HOTSLOT_ERROR_IMAGE, "Image %s is empty: it has size 0",
			image->path);
	image->size = (size + SECTOR_SIZE - 1) / SECTOR_SIZE * SECTOR_SIZE;
	return 0;
}

/* FORMAT is NULL, "auto", or one of known_formats. */
static int check_local(struct hotslot *hotslot, const char *format, struct image *image,
	struct hotslot_error *error)
{
	unsigned char header[IMAGE_HEADER_SIZE];
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t length;
	int r = 0;

	fd = open_image(image, &st, error);
	if (fd < 0)
		return fd;
	length = pread(fd, header, sizeof(header), 0);
	if (length < 0)
		return error_set(
			error, HOTSLOT_ERROR_IMAGE, "Cannot read image %s: %m", image->path);
	if (!format)
		r = choose_by_name(hotslot, image, header, length, error);
	else if (strcmp(format, "auto") == 0)
		r = choose_by_content(image, header, length);
	if (r < 0)
		return r;
	r = check_size(image, fd, &st, header, length, error);
	return r < 0 || image->used ? r : image_check_unused(hotslot, image, fd, error);
}

/* What only libvirt can look at. */
static int check_unseen(struct hotslot *hotslot, const char *format, struct image *image,
	struct hotslot_error *error)
{
	if (image->path[0] != '/')
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Image %s: a path on another host must be absolute", image->path);
	if (format && strcmp(format, "auto") == 0)
		return error_set(error, HOTSLOT_ERROR_INVALID, "Image %s is %s: say its format",
			image->path, hotslot->local ? "only libvirt's to read" : "on another host");
	if (!format)
		image->format = image_format_from_name(image->path) ?: "raw";
	image->block = strncmp(image->path, "/dev/", 5) == 0;
	return image->used ? 0 : image_check_domains(hotslot, image, error);
}

static int make_absolute(
	struct hotslot *hotslot, const char *path, char **ret, struct hotslot_error *error)
{
	char *absolute;

	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20)
			return error_set(error, HOTSLOT_ERROR_IMAGE,
				"Image %s has a control character in its name, which libvirt does "
				"not keep; rename it, or give a link to it",
				path);
	/* Only what is relative: a link keeps the name that the user gave. */
	absolute = hotslot->local && path[0] != '/' ? realpath(path, NULL) : strdup(path);
	if (!absolute && errno == ENOMEM)
		return error_memory(error);
	if (!absolute)
		return error_set(error, HOTSLOT_ERROR_IMAGE, "Cannot use image %s: %m", path);
	if (!xml_is_text(absolute)) {
		free(absolute);
		return error_set(error, HOTSLOT_ERROR_IMAGE,
			"Image %s has a name that is not UTF-8, which XML cannot hold; rename it, "
			"or give a link to it",
			path);
	}
	*ret = absolute;
	return 0;
}

static int bad_source(const char *text, int r, struct hotslot_error *error)
{
	enum source_kind kind = source_kind(text);

	if (r == -ENOMEM)
		return error_memory(error);
	if (r == -EACCES)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"The text of an image takes no user or password: everybody could read it. "
			"Give the user and a secret of libvirt's beside it");
	return error_set(error, HOTSLOT_ERROR_INVALID, "%s is not %s", text, source_syntax(kind));
}

/* Where libvirt does not say what a volume is, or says what is no format of a disk's, there is
 * nothing to compare. It goes by the content, so it is only told, never taken. */
static int check_volume(struct hotslot *hotslot, const struct source *source,
	const struct image *image, struct hotslot_error *error)
{
	_cleanup_free_ char *format = image_volume_format(hotslot, source);

	return format && find_format(format) ? check_content(hotslot, image, format, error) : 0;
}

/* Whether it is there is libvirt's to find out. */
static int check_source(struct hotslot *hotslot, const char *text, const char *format,
	struct image *image, struct hotslot_error *error)
{
	_cleanup_source_ struct source source = {};
	int r = source_parse(text, &source);

	if (r == 0)
		r = source_format(&source, &image->path);
	if (r < 0)
		return bad_source(text, r, error);
	if (format && strcmp(format, "auto") == 0)
		return error_set(error, HOTSLOT_ERROR_INVALID, "Image %s is %s: say its format",
			text,
			source.kind == SOURCE_VOLUME ? "in a pool of libvirt's"
						     : "on another host");
	if (source.snapshot && !image->read_only)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Image %s is a snapshot: it can only be attached read-only", text);
	if (!format)
		image->format = source.kind == SOURCE_VOLUME
					? image_format_from_name(source.name) ?: "raw"
					: "raw";
	image->network = true;
	if (!format && source.kind == SOURCE_VOLUME)
		r = check_volume(hotslot, &source, image, error);
	return r < 0 || image->used ? r : image_check_source(hotslot, image, &source, error);
}

/* A text that is meant to be a URI, but of a kind that has no short form. */
static bool is_other_uri(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	return length > 0 && strncmp(text + length, "://", 3) == 0;
}

/* A daemon may open for its clients what they may not, as root's does with the images of its pools.
 * Not devices: whether this host has one mounted, only who can open it is told. */
static bool is_daemons(const struct hotslot *hotslot, const struct image *image)
{
	int mode = image->read_only ? R_OK : R_OK | W_OK;
	struct stat st;

	return !hotslot->embedded && stat(image->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       faccessat(AT_FDCWD, image->path, mode, AT_EACCESS) < 0 && errno == EACCES;
}

static int check_path(struct hotslot *hotslot, const char *path, const char *format,
	struct image *image, struct hotslot_error *error)
{
	int r;

	if (is_other_uri(path))
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"There is no short form for %.*s:// images: give a <disk> element",
			(int)strcspn(path, ":"), path);
	r = make_absolute(hotslot, path, &image->path, error);
	if (r < 0)
		return r;
	return hotslot->local && !is_daemons(hotslot, image)
		       ? check_local(hotslot, format, image, error)
		       : check_unseen(hotslot, format, image, error);
}

int image_check(struct hotslot *hotslot, const char *path, const char *format, unsigned flags,
	struct image *ret, struct hotslot_error *error)
{
	_cleanup_image_ struct image image = {
		.read_only = flags & IMAGE_READ_ONLY,
		.shared = flags & IMAGE_SHARED,
		.used = flags & IMAGE_USED,
	};
	int r;

	if (!path || !*path)
		return error_set(error, HOTSLOT_ERROR_INVALID, "No image is given");
	if (format && strcmp(format, "auto") != 0) {
		image.format = find_format(format);
		if (!image.format)
			return error_set(
				error, HOTSLOT_ERROR_INVALID, "Unknown image format '%s'", format);
	}
	r = source_kind(path) == SOURCE_PATH ? check_path(hotslot, path, format, &image, error)
					     : check_source(hotslot, path, format, &image, error);
	if (r < 0)
		return r;
	*ret = image;
	image.path = NULL;
	return 0;
}

static int check_given_file(
	struct hotslot *hotslot, struct image *image, struct hotslot_error *error)
{
	unsigned char header[IMAGE_HEADER_SIZE];
	_cleanup_close_ int fd = -1;
	ssize_t length;
	struct stat st;

	if (stat(image->path, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return 0;
	fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return 0;
	image->block = S_ISBLK(st.st_mode);
	length = image->format ? 0 : pread(fd, header, sizeof(header), 0);
	if (length > 0) {
		image->format = "raw";
		(void)check_content(
			hotslot, image, image_format_from_content(header, (size_t)length), error);
	}
	return image->used ? 0 : image_check_unused(hotslot, image, fd, error);
}

static int check_given_source(
	struct hotslot *hotslot, struct image *image, struct hotslot_error *error)
{
	_cleanup_source_ struct source source = {};

	if (source_parse(image->path, &source) < 0)
		return image->used ? 0 : image_check_domains(hotslot, image, error);
	if (!image->format && source.kind == SOURCE_VOLUME) {
		image->format = "raw";
		(void)check_volume(hotslot, &source, image, error);
	}
	return image->used ? 0 : image_check_source(hotslot, image, &source, error);
}

int image_check_given(
	struct hotslot *hotslot, const struct image *image, struct hotslot_error *error)
{
	struct image given = *image;

	if (given.network)
		return check_given_source(hotslot, &given, error);
	return hotslot->local ? check_given_file(hotslot, &given, error) : 0;
}

void image_done(struct image *image)
{
	free(image->path);
	*image = (struct image){};
}
