/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-serial port in the guest: bytes in, bytes out, and whether a host is there. */
#include "port.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"
#include "wire.h"

/* What drivers/char/virtio_console.c takes in one write; the rest would be cut off. */
#define PORT_WRITE_MAX (32 * 1024)

/* On the stack, and as much as a host usually has to say. */
#define PORT_READ_SIZE (16 * 1024)

/* What one call of port_handle() reads before everything else gets its turn. */
#define PORT_READ_BUDGET (256 * 1024)

/* How long a lost wake-up holds up what is queued. Long enough to cost nothing. */
#define PORT_RETRY_MS 100

/* A port tells on one queue that a host has left and that the next one has come, and on another
 * what that one says, which may be read first: under load its hello was, and then the session that
 * it had begun was ended for the host before. Who has left stays away for longer. */
#define PORT_HANGUP_MS 100

struct port {
	int fd;
	bool is_socket; /* a stream that ends, where a port waits for the next host */
	bool connected;
	bool gone;
	bool more; /* the budget ended before the input did */
	uint64_t retry;
	uint64_t hangup; /* when a host that seems to have left has left; UINT64_MAX: it has not */
	char *queue;
	size_t start, length, capacity; /* of what is queued in QUEUE */
	struct port_callbacks callbacks;
};

int port_find(int sysfd, char ret_node[PORT_NODE_SIZE])
{
	_cleanup_closedir_ DIR *dir = open_directory_at(sysfd, "class/virtio-ports");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char path[PORT_NODE_SIZE + 8], name[64];

		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= PORT_NODE_SIZE)
			continue;
		snprintf(path, sizeof(path), "%.*s/name", PORT_NODE_SIZE, entry->d_name);
		if (read_attr_at(dirfd(dir), path, name, sizeof(name)) < 0)
			continue;
		if (strcmp(name, HOTSLOT_PORT_NAME) == 0) {
			strcpy(ret_node, entry->d_name);
			return 0;
		}
	}
	return -ENOENT;
}

static int port_new(
	int fd, bool is_socket, const struct port_callbacks *callbacks, struct port **ret)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	port->fd = fd;
	port->is_socket = is_socket;
	port->retry = port->hangup = UINT64_MAX;
	port->callbacks = *callbacks;
	*ret = port;
	return 0;
}

int port_open(const char *path, const struct port_callbacks *callbacks, struct port **ret)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return -errno;
	r = port_new(fd, false, callbacks, ret);
	if (r < 0)
		return r;
	fd = -1;
	return 0;
}

int port_new_from_fd(int fd, const struct port_callbacks *callbacks, struct port **ret)
{
	return port_new(fd, true, callbacks, ret);
}

int port_fd(const struct port *port)
{
	return port->fd;
}

bool port_is_connected(const struct port *port)
{
	return port->connected;
}

size_t port_queued(const struct port *port)
{
	return port->length;
}

void port_drop_queue(struct port *port)
{
	freep(&port->queue);
	port->queue = NULL;
	port->start = port->length = port->capacity = 0;
	port->retry = UINT64_MAX;
}

static void connect_host(struct port *port)
{
	if (port->connected)
		return;
	port->connected = true;
	port->callbacks.connected(port->callbacks.data);
}

static void disconnect_host(struct port *port)
{
	if (!port->connected)
		return;
	port->connected = false;
	port->more = false;
	port->hangup = UINT64_MAX;
	port_drop_queue(port);
	port->callbacks.disconnected(port->callbacks.data);
}

/* A port without a host and a port that was unplugged both hang up, but only the second refuses
 * to be read. Reading nothing leaves for the next host what is there already. */
static bool is_unplugged(const struct port *port)
{
	return read(port->fd, NULL, 0) < 0 && errno == ENODEV;
}

static void hang_up(struct port *port)
{
	if (!port->connected)
		return;
	if (port->hangup == UINT64_MAX)
		port->hangup = now_ms() + PORT_HANGUP_MS;
	else if (now_ms() >= port->hangup)
		disconnect_host(port);
}

static void update_presence(struct port *port)
{
	struct pollfd state = { .fd = port->fd, .events = POLLIN | POLLOUT };

	if (!port->is_socket && poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP)) {
		port->gone = is_unplugged(port);
		hang_up(port);
		return;
	}
	port->hangup = UINT64_MAX;
	connect_host(port);
}

static bool is_temporary(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOMEM;
}

/* Returns what read() does, with an end of the conversation acted on. */
static ssize_t receive(struct port *port)
{
	char bytes[PORT_READ_SIZE];
	ssize_t n = read(port->fd, bytes, sizeof(bytes));

	if (n > 0) {
		port->callbacks.received(port->callbacks.data, bytes, (size_t)n);
	} else if (n == 0) { /* on a port: the host has left, or the next one has not come yet */
		port->gone = port->is_socket;
		hang_up(port);
	} else if (!is_temporary(errno)) {
		port->gone = true;
	}
	return n;
}

static void receive_all(struct port *port)
{
	size_t budget = PORT_READ_BUDGET;

	while (port->connected && !port->gone && budget >= PORT_READ_SIZE) {
		if (receive(port) <= 0)
			break;
		budget -= PORT_READ_SIZE;
	}
	port->more = port->connected && budget < PORT_READ_SIZE;
}

/* Writes as much as goes in now. Returns how much that was. */
static size_t transmit(struct port *port, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		size_t part = length - done < PORT_WRITE_MAX ? length - done : PORT_WRITE_MAX;
		ssize_t n;

		if (port->is_socket)
			n = send(port->fd, bytes + done, part, MSG_NOSIGNAL);
		else
			n = write(port->fd, bytes + done, part);
		if (n < 0 && !is_temporary(errno))
			port->gone = true;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static void transmit_queue(struct port *port)
{
	size_t n;

	if (port->length == 0)
		return;
	n = transmit(port, port->queue + port->start, port->length);
	port->start += n;
	port->length -= n;
	if (port->length == 0)
		port_drop_queue(port);
	else
		port->retry = now_ms() + PORT_RETRY_MS;
}

int port_handle(struct port *port)
{
	if (!port->gone)
		update_presence(port);
	if (!port->gone)
		receive_all(port);
	if (!port->gone && port->connected)
		transmit_queue(port);
	if (!port->gone)
		return 0;
	disconnect_host(port);
	return -ENODEV;
}

uint64_t port_retry_ms(const struct port *port)
{
	if (port->more || port->gone)
		return 0;
	return port->retry < port->hangup ? port->retry : port->hangup;
}

static int enqueue(struct port *port, const char *bytes, size_t length)
{
	size_t needed = port->length + length;

	if (port->start > 0) {
		memmove(port->queue, port->queue + port->start, port->length);
		port->start = 0;
	}
	if (needed > port->capacity) {
		size_t capacity = 2 * needed < HOTSLOT_QUEUE_MAX ? 2 * needed : HOTSLOT_QUEUE_MAX;
		char *queue = realloc(port->queue, capacity);

		if (!queue)
			return -ENOMEM;
		port->queue = queue;
		port->capacity = capacity;
	}
	memcpy(port->queue + port->length, bytes, length);
	port->length = needed;
	if (port->retry == UINT64_MAX)
		port->retry = now_ms() + PORT_RETRY_MS;
	return 0;
}

int port_send(struct port *port, const char *bytes, size_t length)
{
	size_t sent = 0;
	int r;

	if (!port->connected || port->gone)
		return -ENOTCONN;
	if (length > HOTSLOT_QUEUE_MAX - port->length)
		return -ENOBUFS;
	if (port->length == 0)
		sent = transmit(port, bytes, length);
	if (sent == length || port->gone)
		return 0;
	r = enqueue(port, bytes + sent, length - sent);
	/* Half a frame is out and the rest cannot be kept: end this conversation. */
	if (r < 0 && sent > 0)
		port->gone = true;
	return r;
}

void port_free(struct port *port)
{
	if (!port)
		return;
	freep(&port->queue);
	closep(&port->fd);
	free(port);
}
