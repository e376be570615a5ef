/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port's queue, its input and its end, over a socket. What a real port does when its host goes
 * and comes is for the tests in a VM. */
#include "test.h"

#include <sys/socket.h>

#include "port.h"
#include "wire.h"

struct fixture {
	struct port *port;
	int host; /* the other end */
	unsigned connected, disconnected;
	char *received;
	size_t length;
};

static void on_connected(void *data)
{
	((struct fixture *)data)->connected++;
}

static void on_received(void *data, const char *bytes, size_t length)
{
	struct fixture *fixture = data;

	fixture->received = realloc(fixture->received, fixture->length + length);
	memcpy(fixture->received + fixture->length, bytes, length);
	fixture->length += length;
}

static void on_disconnected(void *data)
{
	((struct fixture *)data)->disconnected++;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const struct port_callbacks callbacks = { .connected = on_connected,
		.received = on_received,
		.disconnected = on_disconnected,
		.data = fixture };
	int sockets[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets), 0);
	fixture->host = sockets[1];
	assert_int_equal(port_new_from_fd(sockets[0], &callbacks, &fixture->port), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	port_free(fixture->port);
	if (fixture->host >= 0)
		close(fixture->host);
	free(fixture->received);
	free(fixture);
	return 0;
}

static int connected(void **state)
{
	set_up(state);
	return port_handle(((struct fixture *)*state)->port);
}

/* Sends numbered bytes until something stays in the queue. */
static size_t fill(struct port *port)
{
	char bytes[4096];
	size_t sent = 0;

	while (port_queued(port) == 0) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)((sent + i) % 251);
		assert_int_equal(port_send(port, bytes, sizeof(bytes)), 0);
		sent += sizeof(bytes);
	}
	return sent;
}

/* Reads what there is, and checks the numbers. Returns the count so far. */
static size_t drain(int host, size_t count)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(host, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], (char)(count++ % 251));
	return count;
}

static void test_a_host_is_announced_once(void **state)
{
	struct fixture *fixture = *state;

	assert_false(port_is_connected(fixture->port));
	assert_int_equal(port_send(fixture->port, "x", 1), -ENOTCONN);
	assert_int_equal(port_handle(fixture->port), 0);
	assert_int_equal(port_handle(fixture->port), 0);
	assert_true(port_is_connected(fixture->port));
	assert_int_equal(fixture->connected, 1);
	assert_int_equal(port_retry_ms(fixture->port), UINT64_MAX);
}

static void test_bytes_of_the_host_are_delivered(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(write(fixture->host, "hello", 5), 5);
	assert_int_equal(port_handle(fixture->port), 0);
	assert_int_equal(fixture->length, 5);
	assert_memory_equal(fixture->received, "hello", 5);
}

static void test_bytes_go_to_the_host_at_once(void **state)
{
	struct fixture *fixture = *state;
	char bytes[8];

	assert_int_equal(port_send(fixture->port, "hello", 5), 0);
	assert_int_equal(port_queued(fixture->port), 0);
	assert_int_equal(read(fixture->host, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "hello", 5);
}

static void test_what_the_host_does_not_take_is_queued_in_order(void **state)
{
	struct fixture *fixture = *state;
	size_t sent = fill(fixture->port), received = 0;

	assert_true(port_retry_ms(fixture->port) != UINT64_MAX);
	sent += fill(fixture->port); /* nothing: the queue is not empty */
	while (port_queued(fixture->port) > 0) {
		received = drain(fixture->host, received);
		assert_int_equal(port_handle(fixture->port), 0);
	}
	assert_int_equal(drain(fixture->host, received), sent);
	assert_int_equal(port_retry_ms(fixture->port), UINT64_MAX);
}

static void test_a_full_queue_refuses_whole_frames(void **state)
{
	static char frame[HOTSLOT_FRAME_MAX];
	struct fixture *fixture = *state;
	size_t queued;
	int r;

	fill(fixture->port);
	while ((r = port_send(fixture->port, frame, sizeof(frame))) == 0)
		;
	assert_int_equal(r, -ENOBUFS);
	queued = port_queued(fixture->port);
	assert_in_range(queued, HOTSLOT_QUEUE_MAX - HOTSLOT_FRAME_MAX + 1, HOTSLOT_QUEUE_MAX);
	assert_int_equal(port_send(fixture->port, frame, HOTSLOT_QUEUE_MAX - queued), 0);
	assert_int_equal(port_send(fixture->port, frame, 1), -ENOBUFS);
}

static void test_a_dropped_queue_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	size_t sent = fill(fixture->port), queued = port_queued(fixture->port);

	port_drop_queue(fixture->port);
	assert_int_equal(port_queued(fixture->port), 0);
	assert_int_equal(port_retry_ms(fixture->port), UINT64_MAX);
	assert_int_equal(drain(fixture->host, 0), sent - queued);
	assert_int_equal(port_handle(fixture->port), 0);
	assert_int_equal(drain(fixture->host, 0), 0);
}

static void test_a_flood_does_not_keep_the_agent(void **state)
{
	struct fixture *fixture = *state;
	const int size = 1024 * 1024;
	char bytes[4096] = "";
	size_t sent = 0;
	ssize_t n;

	setsockopt(fixture->host, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	while ((n = write(fixture->host, bytes, sizeof(bytes))) > 0)
		sent += (size_t)n;
	if (sent <= 256 * 1024)
		skip(); /* not root, and the system's limit is small */
	assert_int_equal(port_handle(fixture->port), 0);
	assert_true(fixture->length < sent);
	assert_int_equal(port_retry_ms(fixture->port), 0);
	while (port_retry_ms(fixture->port) == 0)
		assert_int_equal(port_handle(fixture->port), 0);
	assert_int_equal(fixture->length, sent);
}

static void test_the_end_comes_after_the_last_bytes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(write(fixture->host, "bye", 3), 3);
	close(fixture->host);
	fixture->host = -1;
	assert_int_equal(port_handle(fixture->port), -ENODEV);
	assert_int_equal(fixture->length, 3);
	assert_int_equal(fixture->disconnected, 1);
	assert_int_equal(port_send(fixture->port, "x", 1), -ENOTCONN);
}

static void test_the_end_is_noticed_while_something_is_queued(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture->port);
	close(fixture->host);
	fixture->host = -1;
	assert_int_equal(port_handle(fixture->port), -ENODEV);
	assert_int_equal(fixture->disconnected, 1);
	assert_int_equal(port_queued(fixture->port), 0);
}

static void test_the_port_is_found_by_name(void **state)
{
	struct tree tree;
	char node[PORT_NODE_SIZE];

	(void)state;
	make_tree(&tree);
	assert_int_equal(port_find(tree.fd, node), -ENOENT);
	put_text(&tree, "class/virtio-ports/vport1p1/name", "org.qemu.guest_agent.0\n");
	put_text(&tree, "class/virtio-ports/vport1p2/dev", "250:2\n"); /* no name yet */
	assert_int_equal(port_find(tree.fd, node), -ENOENT);
	put_text(&tree, "class/virtio-ports/vport1p2/name", "org.hotslot.agent.0\n");
	assert_int_equal(port_find(tree.fd, node), 0);
	assert_string_equal(node, "vport1p2");
	remove_tree(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, connected, tear_down)
		cmocka_unit_test_setup_teardown(test_a_host_is_announced_once, set_up, tear_down),
		TEST(test_bytes_of_the_host_are_delivered),
		TEST(test_bytes_go_to_the_host_at_once),
		TEST(test_what_the_host_does_not_take_is_queued_in_order),
		TEST(test_a_full_queue_refuses_whole_frames),
		TEST(test_a_dropped_queue_is_not_sent),
		TEST(test_a_flood_does_not_keep_the_agent),
		TEST(test_the_end_comes_after_the_last_bytes),
		TEST(test_the_end_is_noticed_while_something_is_queued),
		cmocka_unit_test(test_the_port_is_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
