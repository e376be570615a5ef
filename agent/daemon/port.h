/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-serial port in the guest: bytes in, bytes out, and whether a host is there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Node names of ports are "vportNpM". */
#define PORT_NODE_SIZE 32

struct port;

/* Called from port_handle(). They may call port_send() and port_drop_queue(), not port_free(). */
struct port_callbacks {
	void (*connected)(void *data); /* a host is there */
	/* Bytes came. They may be older than the connection. */
	void (*received)(void *data, const char *bytes, size_t length);
	void (*disconnected)(void *data); /* no host any more; what was queued is gone */
	void *data;
};

/* Finds the port named HOTSLOT_PORT_NAME under SYSFD, a directory like /sys: the name of its node
 * in /dev. Returns -ENOENT if there is none yet: the driver adds the port first and its name
 * later, with a "change" uevent of subsystem "virtio-ports" for which the caller watches. */
int port_find(int sysfd, char ret_node[PORT_NODE_SIZE]);

/* Opens a port's node. CALLBACKS is copied. Returns -EBUSY if another process has it open. */
int port_open(const char *path, const struct port_callbacks *callbacks, struct port **ret);

/* Makes a port of a connected stream socket, for tests and for running without a VM. FD is
 * non-blocking and belongs to the port if this succeeds. */
int port_new_from_fd(int fd, const struct port_callbacks *callbacks, struct port **ret);

/* To be watched for EPOLLIN | EPOLLOUT | EPOLLET: without a host the kernel says EPOLLHUP for
 * ever, which only edge-triggered watching does not turn into a busy loop. */
int port_fd(const struct port *port);

/* Does all that can be done now: notices host and no host, reads, writes what is queued. Call it
 * on each event of port_fd() and when port_retry_ms() has come; a call too many is harmless.
 * Returns -ENODEV if the port is gone for good (unplugged; the socket's other end was closed):
 * free it then, and look for it anew. */
int port_handle(struct port *port);

/* When to call port_handle() though no event came, by now_ms(); UINT64_MAX for never. While
 * something is queued, because kernels in the field lose wake-ups; at once if more input waits than
 * one call reads. */
uint64_t port_retry_ms(const struct port *port);

/* Whether a host is there. */
bool port_is_connected(const struct port *port);

/* Sends LENGTH bytes, all or none: what the host does not take yet is queued, in order. Returns
 * -ENOTCONN if no host is there, -ENOBUFS if the queue would pass HOTSLOT_QUEUE_MAX. */
int port_send(struct port *port, const char *bytes, size_t length);

/* How many bytes are queued. */
size_t port_queued(const struct port *port);

/* Forgets what is queued: it belongs to a session that is over. The host may see a cut frame, so
 * send HOTSLOT_RESYNC next. */
void port_drop_queue(struct port *port);

/* Takes NULL. */
void port_free(struct port *port);
