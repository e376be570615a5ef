/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices as sysfs and the kernel's uevents show them. */
#include "block-device.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util.h"

/* "8:1" */
static int read_devnum(int dirfd, dev_t *ret)
{
	unsigned major, minor;
	char text[32];
	int r = read_attr_at(dirfd, "dev", text, sizeof(text));

	if (r < 0)
		return r;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EBADMSG;
	*ret = makedev(major, minor);
	return 0;
}

/* "../../devices/x/block/sda/sda1" becomes "/devices/x/block/sda/sda1", or that of its disk. */
static int find_disk(int sysfd, const char *link, bool partition, char ret[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(sysfd, link, target, sizeof(target) - 1);
	const char *path;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (partition)
		*strrchr(target, '/') = '\0';
	path = strstr(target, "/devices/");
	if (!path)
		return -EBADMSG;
	strcpy(ret, path);
	return 0;
}

int block_device_read(int sysfd, const char *name, struct block_device *ret)
{
	_cleanup_close_ int dirfd = -1;
	struct block_device device = {};
	char link[NAME_MAX + sizeof("class/block/")];
	uint64_t size;
	int r;

	if ((size_t)snprintf(device.node, sizeof(device.node), "/dev/%s", name) >=
		sizeof(device.node))
		return -ENAMETOOLONG;
	/* "cciss!c0d0" is /dev/cciss/c0d0. */
	for (char *c = device.node; *c; c++)
		if (*c == '!')
			*c = '/';
	snprintf(link, sizeof(link), "class/block/%s", name);
	dirfd = openat(sysfd, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	r = read_devnum(dirfd, &device.devnum);
	if (r == 0)
		r = read_attr_u64_at(dirfd, "size", &size);
	if (r == 0)
		r = find_disk(
			sysfd, link, faccessat(dirfd, "partition", F_OK, 0) == 0, device.disk);
	if (r < 0)
		return r;
	device.empty = size == 0;
	*ret = device;
	return 0;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int device_names(int sysfd, const char *class, struct dirent ***ret)
{
	char path[64];
	int n;

	snprintf(path, sizeof(path), "class/%s", class);
	n = scandirat(sysfd, path, ret, is_name, versionsort);
	if (n >= 0)
		return n;
	if (errno != ENOENT)
		return -errno;
	*ret = NULL;
	return 0;
}

void device_names_free(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

bool block_device_came(const struct uevent *event)
{
	return strcmp(event->subsystem, "block") == 0 && strcmp(event->action, "remove") != 0 &&
	       strlen(event->name) <= NAME_MAX;
}
