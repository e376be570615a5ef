/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/uevent.h: what the kernel says, and nobody else. */
#include "test.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "uevent.h"

#define DEVPATH "/devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:0/2:0:0:3/block/sda"

static int parse(const char *message, size_t length, char copy[UEVENT_SIZE], struct uevent *ret)
{
	memcpy(copy, message, length);
	copy[length] = '\0';
	return uevent_split(copy, length, ret);
}

static void test_a_disk_that_comes_is_taken_apart(void **state)
{
	static const char message[] = "add@" DEVPATH "\0ACTION=add\0DEVPATH=" DEVPATH
				      "\0SUBSYSTEM=block\0MAJOR=8\0MINOR=0\0DEVNAME=sda"
				      "\0DEVTYPE=disk\0DISKSEQ=11\0SEQNUM=1042";
	char copy[UEVENT_SIZE];
	struct uevent event;

	(void)state;
	assert_int_equal(parse(message, sizeof(message), copy, &event), 0);
	assert_string_equal(event.action, "add");
	assert_string_equal(event.devpath, DEVPATH);
	assert_string_equal(event.name, "sda");
	assert_string_equal(event.subsystem, "block");
	assert_string_equal(event.devtype, "disk");
	assert_int_equal(event.diskseq, 11);
	assert_int_equal(event.seqnum, 1042);
	assert_null(event.attention);
}

static void test_a_reset_has_no_number_of_a_disk(void **state)
{
	static const char message[] =
		"change@/devices/x/2:0:0:3\0ACTION=change\0DEVPATH=/devices/x/2:0:0:3"
		"\0SUBSYSTEM=scsi\0SDEV_UA=POWER_ON_RESET_OCCURRED\0SEQNUM=7";
	char copy[UEVENT_SIZE];
	struct uevent event;

	(void)state;
	assert_int_equal(parse(message, sizeof(message), copy, &event), 0);
	assert_string_equal(event.name, "2:0:0:3");
	assert_string_equal(event.attention, "POWER_ON_RESET_OCCURRED");
	assert_null(event.devtype);
	assert_int_equal(event.diskseq, 0);
}

static void test_what_is_no_number_is_none(void **state)
{
	static const char message[] = "add@/d/sda\0ACTION=add\0DEVPATH=/d/sda\0SUBSYSTEM=block"
				      "\0DISKSEQ=1x\0SEQNUM=99999999999999999999";
	char copy[UEVENT_SIZE];
	struct uevent event;

	(void)state;
	assert_int_equal(parse(message, sizeof(message), copy, &event), 0);
	assert_int_equal(event.diskseq, 0);
	assert_int_equal(event.seqnum, 0);
}

#define COMPLETE "add@/d/sda\0ACTION=add\0DEVPATH=/d/sda\0SUBSYSTEM=block"

static void test_what_the_kernel_does_not_say_is_refused(void **state)
{
	static const struct {
		const char *message;
		size_t length;
	} cases[] = {
#define MESSAGE(text) { text, sizeof(text) }
		MESSAGE(""),
		MESSAGE("\0\0\0"),
		/* udevd's own begin like this. */
		MESSAGE("libudev\0ACTION=add\0DEVPATH=/d/sda\0SUBSYSTEM=block"),
		MESSAGE("add@/d/sda"),
		MESSAGE("add@/d/sda\0DEVPATH=/d/sda\0SUBSYSTEM=block"),
		MESSAGE("add@/d/sda\0ACTION=add\0SUBSYSTEM=block"),
		MESSAGE("add@/d/sda\0ACTION=add\0DEVPATH=sda\0SUBSYSTEM=block"),
		MESSAGE("add@/d/sda\0ACTION=add\0DEVPATH=/d/sda"),
		/* Cut off. */
		{ COMPLETE, sizeof(COMPLETE) - 1 },
		{ "", 0 },
	};
	char copy[UEVENT_SIZE];
	struct uevent event;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse(cases[i].message, cases[i].length, copy, &event), -EBADMSG);
}

/* Only the superuser can send any. */
static void test_what_a_process_sends_is_passed_over(void **state)
{
	static const char message[] =
		"add@/d/sda\0ACTION=add\0DEVPATH=/d/sda\0SUBSYSTEM=block\0SEQNUM=1";
	struct sockaddr_nl address;
	socklen_t size = sizeof(address);
	int fd = uevent_open(0), other = uevent_open(0);
	char buffer[UEVENT_SIZE];
	struct uevent event;
	int r;

	(void)state;
	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(uevent_listen(fd), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	address.nl_groups = 0;
	if (sendto(other, message, sizeof(message), 0, (struct sockaddr *)&address,
		    sizeof(address)) < 0)
		skip();
	/* The kernel may have said something meanwhile. */
	while ((r = uevent_receive(fd, buffer, &event)) == 0)
		assert_string_not_equal(event.devpath, "/d/sda");
	assert_int_equal(r, -EAGAIN);
	close(fd);
	close(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_that_comes_is_taken_apart),
		cmocka_unit_test(test_a_reset_has_no_number_of_a_disk),
		cmocka_unit_test(test_what_is_no_number_is_none),
		cmocka_unit_test(test_what_the_kernel_does_not_say_is_refused),
		cmocka_unit_test(test_what_a_process_sends_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
