/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* udevd beside the agent: when it is ready, and what it has missed. */
#include "udevd.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "block-device.h"
#include "uevent-filter.h"
#include "util.h"

/* The kernel's own multicast group of uevents; 2 is udevd's. */
#define KERNEL_GROUP 1

/* As udevd has it of a socket of its own: what comes while it is busy with a thousand disks. A
 * message that finds no room is lost, and so is the link that it would have made. */
#define UEVENTS_SIZE (128 * 1024 * 1024)

/* What systemd's daemons say at one time is a few lines. */
#define NOTIFY_SIZE 4096

int udevd_open_notify(int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = offsetof(struct sockaddr_un, sun_path) + strlen(UDEVD_NOTIFY);

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, UDEVD_NOTIFY, strlen(UDEVD_NOTIFY));
	address.sun_path[0] = '\0'; /* an abstract one */
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)length) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int udevd_open_uevents(int *ret_fd)
{
	static const char *const unwanted[] = { "scsi", "scsi_device", "scsi_disk", "scsi_generic",
		"bsg", "bdi" };
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	const int on = 1, size = UEVENTS_SIZE;
	int r;

	if (fd < 0)
		return -errno;
	r = uevent_filter_attach(fd, UEVENT_DROP, unwanted, ARRAY_SIZE(unwanted));
	if (r < 0)
		return r;
	/* udevd takes messages of which it knows who sent them only. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int udevd_read_notify(int fd)
{
	char message[NOTIFY_SIZE + 1], *rest = message, *line;
	ssize_t n = recv(fd, message, NOTIFY_SIZE, 0);

	if (n < 0)
		return -errno;
	message[n] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (!strcmp(line, "READY=1"))
			return UDEVD_READY;
	return UDEVD_NOTHING;
}

static int trigger(int sysfd, const char *class)
{
	struct dirent **names;
	int n = device_names(sysfd, class, &names);

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "class/%s/%s/uevent", class, names[i]->d_name);
		write_attr_at(sysfd, path, "add"); /* it may be gone: then so be it */
	}
	if (n >= 0)
		device_names_free(names, n);
	return n < 0 ? n : 0;
}

int udevd_coldplug(void)
{
	/* Those with something to gain: disks get our properties, ports their names. */
	static const char *const classes[] = { "block", "virtio-ports" };
	_cleanup_close_ int sysfd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = sysfd < 0 ? -errno : 0;

	for (size_t i = 0; i < ARRAY_SIZE(classes) && r == 0; i++)
		r = trigger(sysfd, classes[i]);
	return r;
}
