/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own uevents, read off their socket. */
#include "uevent.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

/* The other group, 2, is udevd's. */
#define KERNEL_GROUP 1

/* What follows KEY if LINE begins with it, else NULL. */
static const char *value_of(const char *line, const char *key)
{
	while (*key && *line == *key) {
		line++;
		key++;
	}
	return *key ? NULL : line;
}

static void take_line(const char *line, struct uevent *ret)
{
	const struct {
		const char *key, **ret;
	} texts[] = {
		{ "ACTION=", &ret->action },
		{ "DEVPATH=", &ret->devpath },
		{ "SUBSYSTEM=", &ret->subsystem },
		{ "DEVTYPE=", &ret->devtype },
		{ "SDEV_UA=", &ret->attention },
	};
	const struct {
		const char *key;
		uint64_t *ret;
	} numbers[] = { { "SEQNUM=", &ret->seqnum }, { "DISKSEQ=", &ret->diskseq } };
	const char *value;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if ((value = value_of(line, texts[i].key)))
			*texts[i].ret = value;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if ((value = value_of(line, numbers[i].key)) &&
			parse_u64(value, UINT64_MAX, numbers[i].ret) < 0)
			*numbers[i].ret = 0;
}

int uevent_split(char *message, size_t length, struct uevent *ret)
{
	const char *line = message + strlen(message) + 1;
	struct uevent event = {};

	/* "add@/devices/…": as variables, both come again. */
	if (length == 0 || message[length - 1] || !strchr(message, '@'))
		return -EBADMSG;
	for (; line < message + length; line += strlen(line) + 1)
		take_line(line, &event);
	if (!event.action || !event.devpath || event.devpath[0] != '/' || !event.subsystem)
		return -EBADMSG;
	event.name = strrchr(event.devpath, '/') + 1;
	*ret = event;
	return 0;
}

int uevent_open(int receive_buffer)
{
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	/* More than net.core.rmem_max only for root; less does no harm, it is noticed. */
	if (receive_buffer > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer,
					  sizeof(receive_buffer)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	return fd;
}

int uevent_listen(int fd)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = KERNEL_GROUP,
	};

	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int uevent_receive(int fd, char buffer[UEVENT_SIZE], struct uevent *ret)
{
	for (;;) {
		struct sockaddr_nl sender = {};
		socklen_t size = sizeof(sender);
		ssize_t n = recvfrom(
			fd, buffer, UEVENT_SIZE - 1, MSG_TRUNC, (struct sockaddr *)&sender, &size);

		if (n < 0 && errno != EINTR)
			return -errno;
		/* A process has a number of its own. */
		if (n <= 0 || n >= UEVENT_SIZE || sender.nl_pid != 0)
			continue;
		buffer[n] = '\0';
		if (uevent_split(buffer, (size_t)n, ret) == 0)
			return 0;
	}
}
