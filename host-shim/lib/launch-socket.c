/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket that says that a launch is under way. */
#include "launch-socket.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PREFIX "hotslot-launch-"

static int make_name(char ret[static LAUNCH_SOCKET_SIZE])
{
	unsigned char bytes[(LAUNCH_SOCKET_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
	return 0;
}

/* An abstract one begins with a NUL, and ends with the length. */
static socklen_t make_address(const char *name, struct sockaddr_un *ret)
{
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1, PREFIX "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int launch_socket_open(char ret_name[static LAUNCH_SOCKET_SIZE])
{
	_cleanup_close_ int fd = open_socket();
	char name[LAUNCH_SOCKET_SIZE];
	struct sockaddr_un address;
	socklen_t size;
	int r;

	if (fd < 0)
		return fd;
	r = make_name(name);
	if (r < 0)
		return r;
	size = make_address(name, &address);
	/* Nobody is let in: one who asks may stay in the queue, the next is told that it is full.
	 */
	if (bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, 0) < 0)
		return -errno;
	strcpy(ret_name, name);
	return steal_fd(&fd);
}

void launch_socket_closep(int *fd)
{
	/* A fork of this process may keep it open. */
	if (*fd >= 0)
		(void)shutdown(*fd, SHUT_RDWR);
	closep(fd);
}

bool launch_socket_is_name(const char *text)
{
	return strlen(text) == LAUNCH_SOCKET_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == LAUNCH_SOCKET_SIZE - 1;
}

int launch_socket_ask(const char *name)
{
	_cleanup_close_ int fd = open_socket();
	struct sockaddr_un address;
	socklen_t size = make_address(name, &address);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&address, size) == 0 || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED ? 0 : -errno;
}
