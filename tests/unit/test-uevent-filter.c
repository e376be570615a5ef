/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* uevent-filter.h: a socket with the filter hears of disks and ports, and of nothing else. */
#include <string.h>
#include <sys/socket.h>

#include "test.h"
#include "uevent-filter.h"
#include "util.h"

/* A filter sees what arrives at a datagram socket of any family. */
static int sockets[2];

static int open_sockets(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) < 0)
		return -1;
	return 0;
}

static void keep_disks_and_ports(void)
{
	static const char *const subsystems[] = { "block", "virtio-ports" };

	assert_int_equal(uevent_filter_attach(sockets[1], UEVENT_KEEP, subsystems, 2), 0);
}

static int close_sockets(void **state)
{
	(void)state;
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}

/* As lib/kobject_uevent.c makes it. */
static size_t make_uevent(
	char *ret, size_t size, const char *action, const char *path, const char *subsystem)
{
	int n = snprintf(ret, size, "%s@%s%cACTION=%s%cDEVPATH=%s%cSUBSYSTEM=%s%cSEQNUM=1234",
		action, path, 0, action, 0, path, 0, subsystem, 0);

	assert_true(n > 0 && (size_t)n < size);
	return (size_t)n + 1;
}

static bool comes_through(const void *message, size_t length)
{
	char buffer[4096];

	assert_int_equal(send(sockets[0], message, length, 0), length);
	return recv(sockets[1], buffer, sizeof(buffer), 0) == (ssize_t)length;
}

static bool uevent_comes_through(const char *action, const char *path, const char *subsystem)
{
	char message[4096];

	return comes_through(
		message, make_uevent(message, sizeof(message), action, path, subsystem));
}

#define HOST "/devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:0/2:0:0:1"

static void test_disks_and_partitions_come_through(void **state)
{
	(void)state;
	keep_disks_and_ports();
	assert_true(uevent_comes_through("add", HOST "/block/sdb", "block"));
	assert_true(uevent_comes_through("change", HOST "/block/sdb/sdb1", "block"));
	assert_true(uevent_comes_through("remove", HOST "/block/sdb", "block"));
}

static void test_ports_come_through(void **state)
{
	(void)state;
	keep_disks_and_ports();
	assert_true(uevent_comes_through("change",
		"/devices/pci0000:00/0000:00:04.0/virtio1/virtio-ports/vport1p1", "virtio-ports"));
}

static void test_what_else_a_disk_makes_does_not(void **state)
{
	static const char *const subsystems[] = { "scsi", "scsi_device", "scsi_disk", "bsg",
		"scsi_generic", "virtio", "bdi" };

	(void)state;
	keep_disks_and_ports();
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		assert_false(uevent_comes_through("add", HOST, subsystems[i]));
}

static void test_paths_of_every_length_are_told_apart(void **state)
{
	char path[512];

	(void)state;
	keep_disks_and_ports();
	for (size_t length = 4; length < sizeof(path) - 1; length++) {
		memset(path, 'x', length);
		path[0] = '/';
		path[length] = '\0';
		assert_true(uevent_comes_through("add", path, "block"));
		/* Longer ones all come through: there is an end to looking. */
		if (length < 110)
			assert_false(uevent_comes_through("unbind", path, "scsi"));
	}
}

/* The kernel drops what a filter reads beyond. */
static void test_a_short_message_does_no_harm(void **state)
{
	(void)state;
	keep_disks_and_ports();
	comes_through("add@/x", 6);
	assert_true(uevent_comes_through("add", HOST "/block/sdb", "block"));
}

static void test_subsystems_can_be_dropped_by_their_exact_names(void **state)
{
	static const char *const subsystems[] = { "scsi", "scsi_disk", "bsg" };

	(void)state;
	assert_int_equal(uevent_filter_attach(sockets[1], UEVENT_DROP, subsystems, 3), 0);
	assert_false(uevent_comes_through("add", HOST, "scsi"));
	assert_false(uevent_comes_through("add", HOST, "scsi_disk"));
	assert_false(uevent_comes_through("remove", HOST, "bsg"));
	assert_true(uevent_comes_through("add", HOST, "scsi_host"));
	assert_true(uevent_comes_through("add", HOST, "bs"));
	assert_true(uevent_comes_through("add", HOST, "bsgx"));
	assert_true(uevent_comes_through("add", HOST "/block/sdb", "block"));
}

static void test_too_many_subsystems_are_refused(void **state)
{
	static const char *const subsystems[17] = { "a" };

	(void)state;
	assert_int_equal(uevent_filter_attach(sockets[1], UEVENT_DROP, subsystems, 17), -E2BIG);
}

static void test_only_what_is_new_can_be_kept(void **state)
{
	static const char *const subsystems[] = { "block" };

	(void)state;
	assert_int_equal(uevent_filter_attach(sockets[1], UEVENT_KEEP_ADDED, subsystems, 1), 0);
	assert_true(uevent_comes_through("add", HOST "/block/sdb", "block"));
	assert_false(uevent_comes_through("change", HOST "/block/sdb", "block"));
	assert_false(uevent_comes_through("remove", HOST "/block/sdb", "block"));
	assert_false(uevent_comes_through("add", HOST, "scsi"));
	assert_false(uevent_comes_through("bind", HOST, "scsi"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disks_and_partitions_come_through),
		cmocka_unit_test(test_ports_come_through),
		cmocka_unit_test(test_what_else_a_disk_makes_does_not),
		cmocka_unit_test(test_paths_of_every_length_are_told_apart),
		cmocka_unit_test(test_a_short_message_does_no_harm),
		cmocka_unit_test(test_subsystems_can_be_dropped_by_their_exact_names),
		cmocka_unit_test(test_only_what_is_new_can_be_kept),
		cmocka_unit_test(test_too_many_subsystems_are_refused),
	};

	return cmocka_run_group_tests(tests, open_sockets, close_sockets);
}
