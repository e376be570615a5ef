/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices as sysfs and the kernel's uevents show them. */
#include "block-device.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "util.h"

/* The kernel's own multicast group of uevents; 2 is udevd's. */
#define KERNEL_GROUP 1

/* UEVENT_BUFFER_SIZE of the kernel, and the line before it. */
#define UEVENT_SIZE 8192

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

int uevents_open(int *ret_fd)
{
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The value of KEY ("SUBSYSTEM=") in a message that ends with NUL, or NULL. */
static const char *find_value(const char *message, size_t length, const char *key)
{
	size_t key_length = strlen(key);

	for (const char *line = message; line < message + length; line += strlen(line) + 1)
		if (!strncmp(line, key, key_length))
			return line + key_length;
	return NULL;
}

enum uevent uevent_parse(const char *message, size_t length, char ret_name[NAME_MAX + 1])
{
	const char *subsystem, *action, *path, *name;

	if (length == 0 || message[length - 1] != '\0')
		return UEVENT_OTHER;
	subsystem = find_value(message, length, "SUBSYSTEM=");
	action = find_value(message, length, "ACTION=");
	path = find_value(message, length, "DEVPATH=");
	if (!subsystem || strcmp(subsystem, "block") != 0 || !action ||
		strcmp(action, "remove") == 0 || !path)
		return UEVENT_OTHER;
	name = strrchr(path, '/');
	if (!name || strlen(name + 1) > NAME_MAX)
		return UEVENT_OTHER;
	strcpy(ret_name, name + 1);
	return UEVENT_BLOCK;
}

int uevents_receive(int fd, char ret_name[NAME_MAX + 1])
{
	char message[UEVENT_SIZE];
	struct sockaddr_nl sender = {};
	socklen_t size = sizeof(sender);
	ssize_t n = recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&sender, &size);

	if (n < 0)
		return -errno;
	/* Any process may send to the group; the kernel is number 0. */
	return sender.nl_pid == 0 ? uevent_parse(message, (size_t)n, ret_name) : UEVENT_OTHER;
}
