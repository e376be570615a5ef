/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the kernel had a disk that udevd tells of later. */
#include "arrivals.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "uevent-filter.h"
#include "util.h"

/* The group that the kernel itself tells; udevd tells another one. */
#define KERNEL_GROUP 1

/* What the kernel builds a message in (UEVENT_BUFFER_SIZE), and its header before that. */
#define MESSAGE_MAX 4096

/* As many events as one turn of the loop takes; see watch.c. */
#define BATCH_MAX 64

/* Some thousand messages, as of libudev's monitors. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

struct arrival {
	uint64_t diskseq;
	uint64_t at;
};

struct arrivals {
	struct loop *loop;
	struct source source;
	int fd;
	struct arrival last[ARRIVALS_MAX]; /* by the remainder of their disk sequence numbers */
};

/* The value of KEY, "DISKSEQ=", or NULL. The message ends with a NUL. */
static const char *find_value(const char *message, size_t length, const char *key)
{
	const char *end = message + length, *at = message;

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, key, strlen(key)) == 0)
			return at + strlen(key);
	return NULL;
}

static bool is_disk(const char *devpath)
{
	const char *name = strrchr(devpath, '/');

	return name && strncmp(name, "/sd", strlen("/sd")) == 0;
}

bool arrival_parse(const char *message, size_t length, uint64_t *ret_diskseq)
{
	const char *type, *diskseq;

	if (length == 0 || message[length - 1] || strncmp(message, "add@", strlen("add@")) != 0 ||
		!is_disk(message))
		return false;
	type = find_value(message, length, "DEVTYPE=");
	diskseq = find_value(message, length, "DISKSEQ=");
	return type && strcmp(type, "disk") == 0 && diskseq &&
	       parse_u64(diskseq, UINT64_MAX, ret_diskseq) == 0;
}

static void handle_events(void *data, uint32_t events)
{
	struct arrivals *arrivals = data;
	char message[MESSAGE_MAX];
	uint64_t diskseq;
	ssize_t n;

	(void)events;
	for (int i = 0; i < BATCH_MAX; i++) {
		errno = 0;
		n = recv(arrivals->fd, message, sizeof(message), MSG_DONTWAIT);
		if (n < 0 && errno != ENOBUFS)
			return;
		if (n > 0 && arrival_parse(message, (size_t)n, &diskseq))
			arrivals->last[diskseq % ARRIVALS_MAX] =
				(struct arrival){ diskseq, now_us() };
	}
}

static int open_socket(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	static const char *const subsystems[] = { "block" };
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	const int size = RECEIVE_BUFFER;
	int r;

	if (fd < 0)
		return -errno;
	r = uevent_filter_attach(fd, UEVENT_KEEP_ADDED, subsystems, ARRAY_SIZE(subsystems));
	if (r < 0)
		return r;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(&fd);
}

int arrivals_open(struct loop *loop, struct arrivals **ret)
{
	struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	int r;

	if (!arrivals)
		return -ENOMEM;
	arrivals->loop = loop;
	arrivals->fd = open_socket();
	arrivals->source = (struct source){ arrivals->fd, handle_events, arrivals };
	r = arrivals->fd < 0 ? arrivals->fd : loop_add(loop, &arrivals->source, EPOLLIN);
	if (r < 0) {
		arrivals_close(arrivals);
		return r;
	}
	*ret = arrivals;
	return 0;
}

void arrivals_close(struct arrivals *arrivals)
{
	if (!arrivals)
		return;
	loop_remove(arrivals->loop, &arrivals->source);
	closep(&arrivals->fd);
	free(arrivals);
}

uint64_t arrivals_find(const struct arrivals *arrivals, uint64_t diskseq)
{
	const struct arrival *last;

	if (!arrivals || diskseq == 0)
		return 0;
	last = &arrivals->last[diskseq % ARRIVALS_MAX];
	return last->diskseq == diskseq ? last->at : 0;
}
