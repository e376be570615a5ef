/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody has an image already: a process, this host, a domain. */
#include "image-use.h"

#include <fcntl.h>

#include "error.h"
#include "image-host.h"
#include "image-user.h"

static int check_held(const struct image *image, struct hotslot_error *error)
{
	if (!image_host_holds(image->path))
		return 0;
	return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
		"Device %s is mounted or held by this host", image->path);
}

/* It locks nothing. */
static int check_loop(const struct image *image, int fd, struct hotslot_error *error)
{
	_cleanup_close_ int sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[BLOCK_NAME_SIZE];
	struct stat st;

	if (sys < 0 || fstat(fd, &st) < 0 || !image_host_find_loop(sys, &st, name))
		return 0;
	return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
		"Image %s is in use by this host, as /dev/%s; 'losetup -d /dev/%s' frees it",
		image->path, name, name);
}

static int check_free(
	struct hotslot *hotslot, const struct image *image, int fd, struct hotslot_error *error)
{
	_cleanup_free_ char *user = NULL;
	int r = image_is_locked(fd, image->read_only, image->shared);

	if (r < 0)
		return error_system(error, r, "Cannot see the locks of image %s", image->path);
	if (r > 0) {
		user = image_find_user(hotslot, image->path);
		return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE, "Image %s is in use by %s%s",
			image->path, user ? "domain " : "another process", user ?: "");
	}
	if (image->read_only)
		return 0;
	return image->block ? check_held(image, error) : check_loop(image, fd, error);
}

int image_check_unused(
	struct hotslot *hotslot, const struct image *image, int fd, struct hotslot_error *error)
{
	int r = check_free(hotslot, image, fd, error);

	return r < 0 ? r : image_check_domains(hotslot, image, error);
}

static bool holds_disk(const char *name)
{
	char path[sizeof("/dev/") + BLOCK_NAME_SIZE];

	snprintf(path, sizeof(path), "/dev/%s", name);
	return image_host_holds(path);
}

/* libvirt takes it from the host's driver, whoever uses it. */
static int check_nvme(
	const struct image *image, const struct source *source, struct hotslot_error *error)
{
	_cleanup_close_ int sys = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[BLOCK_NAME_SIZE];

	if (sys < 0 || !image_host_find_nvme(sys, source, holds_disk, name))
		return 0;
	return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
		"The device of %s would be taken from this host, where /dev/%s is mounted or held",
		image->path, name);
}

int image_check_source(struct hotslot *hotslot, const struct image *image,
	const struct source *source, struct hotslot_error *error)
{
	int r = source->kind == SOURCE_NVME && hotslot->local ? check_nvme(image, source, error)
							      : 0;

	return r < 0 ? r : image_check_domains(hotslot, image, error);
}
