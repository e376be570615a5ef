/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an NBD server speaks. */
#include "nbd-greeting.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* The protocol's (doc/proto.md of the NBD project): NBDMAGIC, another magic of eight bytes and, if
 * that is IHAVEOPT, 16 bits of flags. */
#define GREETING_SIZE 16
#define GREETING_NEW "NBDMAGICIHAVEOPT"
#define FLAGS_SIZE 2
#define FLAG_FIXED 1 /* in the last byte: options are understood */

/* The client's flags, which say that it does, too, and the option NBD_OPT_ABORT, of no length. */
static const char abort_option[] = "\0\0\0\1IHAVEOPT\0\0\0\2\0\0\0";

/* Both to connect and to read end by DEADLINE with EAGAIN, or EINPROGRESS. */
static int set_deadline(int fd, uint64_t deadline)
{
	uint64_t now = now_ms();
	struct timeval left;

	if (now >= deadline)
		return -ETIMEDOUT;
	left = (struct timeval){
		.tv_sec = (time_t)((deadline - now) / 1000),
		.tv_usec = (suseconds_t)((deadline - now) % 1000 * 1000),
	};
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof(left)) < 0)
		return -errno;
	return 0;
}

static int read_all(int fd, char *buffer, size_t size, uint64_t deadline)
{
	size_t length = 0;

	while (length < size) {
		int r = set_deadline(fd, deadline);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(fd, buffer + length, size - length);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -ECONNRESET;
		length += (size_t)n;
	}
	return 0;
}

/* A server would note down a client that has just gone. */
static void leave(int fd, uint64_t deadline)
{
	char flags[FLAGS_SIZE];

	if (read_all(fd, flags, sizeof(flags), deadline) == 0 && (flags[1] & FLAG_FIXED))
		(void)!send(fd, abort_option, sizeof(abort_option), MSG_NOSIGNAL);
}

static int read_greeting(int fd, uint64_t deadline)
{
	char greeting[GREETING_SIZE];
	int r = read_all(fd, greeting, sizeof(greeting), deadline);

	if (r == 0 && memcmp(greeting, GREETING_NEW, sizeof(greeting)) == 0)
		leave(fd, deadline);
	return r;
}

/* -ECONNREFUSED, or another one, if there is no server. */
static int await_at(const struct sockaddr *address, socklen_t length, uint64_t deadline)
{
	_cleanup_close_ int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = set_deadline(fd, deadline);
	if (r < 0)
		return r;
	if (connect(fd, address, length) < 0)
		return errno == EAGAIN || errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	r = read_greeting(fd, deadline);
	/* There is one, and it is no other address that QEMU goes on to. */
	return r == -ETIMEDOUT ? r : 0;
}

static int await_socket(const char *path, uint64_t deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	return await_at((const struct sockaddr *)&address, sizeof(address), deadline);
}

static int await_host(const struct uri_host *host, uint64_t deadline)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *addresses;
	int r = -EHOSTUNREACH;

	if (getaddrinfo(host->name, host->port, &hints, &addresses) != 0)
		return r;
	for (const struct addrinfo *a = addresses; a && r < 0 && r != -ETIMEDOUT; a = a->ai_next)
		r = await_at(a->ai_addr, a->ai_addrlen, deadline);
	freeaddrinfo(addresses);
	return r;
}

int nbd_await_greeting(const struct source *source, uint64_t deadline)
{
	int r = source->socket ? await_socket(source->socket, deadline)
			       : await_host(&source->hosts[0], deadline);

	return r == -ETIMEDOUT ? r : 0;
}
