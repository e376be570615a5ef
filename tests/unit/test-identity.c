/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/identity.h: a disk of sysfs as a whole record, or an error. */
#include "machine.h"

#include <sys/sysmacros.h>

#include "identity.h"

#define CONTROLLER "devices/pci0000:00/0000:00:03.0/virtio0"
#define OTHER "devices/pci0000:00/0000:00:07.0/virtio4"
#define SDA CONTROLLER "/host2/target2:0:1/2:0:1:3/block/sda"

static struct machine machine;

static int set_up(void **state)
{
	(void)state;
	make_machine(&machine);
	put_controller(&machine, CONTROLLER);
	put_disk(&machine, SDA, "8:0");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_machine(&machine);
	return 0;
}

static void identify(const char *devpath, struct disk *ret)
{
	struct identity_error error = {};
	struct identity identity;

	assert_int_equal(identity_read(&machine.view, &identity), 0);
	if (disk_identify(&machine.view, &identity, devpath, ret, &error) < 0)
		fail_msg("%s: %s", error.attribute, error.reason);
}

/* Checks the error and that nothing half-made comes with it. */
static void check_error(const char *devpath, int result, const char *attribute)
{
	struct identity_error error = {};
	struct identity identity;
	struct disk disk = { .slot = 4711 };

	assert_int_equal(identity_read(&machine.view, &identity), 0);
	assert_int_equal(disk_identify(&machine.view, &identity, devpath, &disk, &error), result);
	assert_int_equal(disk.slot, 4711);
	assert_string_equal(error.attribute, attribute);
	assert_true(*error.reason);
}

static void test_a_disk_in_a_slot_has_a_whole_record(void **state)
{
	struct disk disk;

	(void)state;
	put_serial_page(&machine, SDA, "vol 7", 5, 5);
	put_attribute(&machine, SDA, "ro", "1");
	put_attribute(&machine, SDA, "queue/logical_block_size", "4096");
	identify(SDA, &disk);
	assert_int_equal(disk.status, DISK_SLOTTED);
	assert_string_equal(disk.name, "sda");
	assert_int_equal(disk.devnum, makedev(8, 0));
	assert_int_equal(disk.diskseq, 9);
	assert_string_equal(disk.controller, "0000:00:03.0");
	assert_int_equal(disk.target, 1);
	assert_int_equal(disk.lun, 3);
	assert_int_equal(disk.slot, 259);
	assert_int_equal(disk.size, 8192 * 512);
	assert_int_equal(disk.block_size, 4096);
	assert_true(disk.read_only);
	assert_string_equal(disk.serial, "vol\\x207");
}

static void check_status(const char *devpath, const char *devnum, enum disk_status status)
{
	struct disk disk;

	put_disk(&machine, devpath, devnum);
	identify(devpath, &disk);
	assert_int_equal(disk.status, status);
}

static void test_places_decide_what_a_disk_is(void **state)
{
	struct disk disk;

	(void)state;
	put_controller(&machine, OTHER);
	check_status(CONTROLLER "/host2/target2:0:254/2:0:254:255/block/sdb", "8:16", DISK_SLOTTED);
	check_status(CONTROLLER "/host2/target2:0:255/2:0:255:0/block/sdc", "8:32", DISK_SYSTEM);
	check_status(CONTROLLER "/host2/target2:0:0/2:0:0:16640/block/sdd", "8:48", DISK_UNSLOTTED);
	check_status(CONTROLLER "/host2/target2:1:0/2:1:0:0/block/sde", "8:64", DISK_FOREIGN);
	check_status(OTHER "/host3/target3:0:0/3:0:0:0/block/sdf", "8:80", DISK_FOREIGN);
	check_status("devices/virtual/block/loop0", "7:0", DISK_FOREIGN);
	identify(CONTROLLER "/host2/target2:0:0/2:0:0:16640/block/sdd", &disk);
	assert_int_equal(disk.lun, 256);
}

static void test_the_disk_under_the_root_is_the_systems(void **state)
{
	struct disk disk;

	(void)state;
	put_block(&machine, SDA "/sda1", "8:1");
	put_attribute(&machine, SDA "/sda1", "partition", "1");
	put_mounts(&machine, "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
	identify(SDA, &disk);
	assert_int_equal(disk.status, DISK_SYSTEM);
}

static void test_with_an_undecided_root_every_disk_is_the_systems(void **state)
{
	struct disk disk;

	(void)state;
	put_mounts(&machine, "1 0 0:40 / / rw - zfs rpool/root rw\n");
	identify(SDA, &disk);
	assert_int_equal(disk.status, DISK_SYSTEM);
}

static void test_a_disk_that_is_not_ours_needs_no_attributes(void **state)
{
	static const char loop[] = "devices/virtual/block/loop0";
	struct disk disk;

	(void)state;
	put_block(&machine, loop, "7:0");
	identify(loop, &disk);
	assert_int_equal(disk.status, DISK_FOREIGN);
	assert_string_equal(disk.name, "loop0");
}

static void test_a_missing_attribute_is_an_error_that_names_it(void **state)
{
	static const char *const attributes[] = { "size", "ro", "diskseq",
		"queue/logical_block_size" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		put_disk(&machine, SDA, "8:0");
		remove_attribute(&machine, SDA, attributes[i]);
		check_error(SDA, -ENOENT, attributes[i]);
	}
}

static void test_a_malformed_attribute_is_an_error_that_names_it(void **state)
{
	static const struct {
		const char *attribute, *value;
	} table[] = {
		{ "size", "many" },
		{ "size", "-1" },
		{ "size", "" },
		{ "size", "18014398509481984" }, /* times 512 is over 63 bits */
		{ "ro", "2" },
		{ "diskseq", "1 2" },
		{ "queue/logical_block_size", "4294967296" },
		{ "dev", "8" },
		{ "dev", "8:0:0" },
		{ "dev", "sda" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		put_disk(&machine, SDA, "8:0");
		put_attribute(&machine, SDA, table[i].attribute, table[i].value);
		check_error(SDA, -EBADMSG, table[i].attribute);
	}
}

static void test_a_disk_that_is_gone_is_no_device(void **state)
{
	(void)state;
	check_error(CONTROLLER "/host2/target2:0:1/2:0:1:4/block/sdb", -ENODEV, "path");
	/* The directory is there, its attributes are not: it went meanwhile. */
	remove_attribute(&machine, SDA, "dev");
	check_error(SDA, -ENODEV, "dev");
}

static void test_a_malformed_path_is_an_error(void **state)
{
	static const char path[] = CONTROLLER "/host2/target2:0:1/2:0:1:x/block/sdb";

	(void)state;
	put_disk(&machine, path, "8:16");
	check_error(path, -EBADMSG, "path");
}

static void test_a_serial_page_that_lies_about_its_length_is_an_error(void **state)
{
	static const unsigned lies[] = { 0, 4, 6, 255, 65535 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		put_serial_page(&machine, SDA, "vol-7", 5, lies[i]);
		check_error(SDA, -EBADMSG, "device/vpd_pg80");
	}
}

static void check_serial(const char *serial, size_t length, const char *encoded)
{
	struct disk disk;

	put_serial_page(&machine, SDA, serial, length, (unsigned)length);
	identify(SDA, &disk);
	assert_int_equal(disk.status, DISK_SLOTTED);
	assert_string_equal(disk.serial, encoded);
}

static void test_a_disk_without_serial_page_has_none(void **state)
{
	struct disk disk;

	(void)state;
	identify(SDA, &disk);
	assert_string_equal(disk.serial, "");
	put_attribute(&machine, SDA, "device/state", "running");
	put_bytes(&machine.tree, "sys/" SDA "/device/vpd_pg80", "", 0);
	identify(SDA, &disk);
	assert_string_equal(disk.serial, "");
	check_serial("", 0, "");
}

static void test_a_serial_whose_name_does_not_fit_is_none(void **state)
{
	char longest[SERIAL_ENCODED_MAX + 1];
	char spaces[SERIAL_ENCODED_MAX];

	(void)state;
	memset(longest, 'x', SERIAL_ENCODED_MAX);
	longest[SERIAL_ENCODED_MAX] = '\0';
	check_serial(longest, SERIAL_ENCODED_MAX, longest);
	memset(longest, 'x', SERIAL_ENCODED_MAX + 1);
	check_serial(longest, SERIAL_ENCODED_MAX + 1, "");
	memset(spaces, ' ', sizeof(spaces));
	check_serial(spaces, SERIAL_ENCODED_MAX / 4 + 1, "");
	check_serial(spaces, SERIAL_ENCODED_MAX, "");
}

static void put_partition(const char *name, const char *number, const char *devnum)
{
	char path[256];

	snprintf(path, sizeof(path), SDA "/%s", name);
	put_block(&machine, path, devnum);
	put_attribute(&machine, path, "partition", number);
	put_attribute(&machine, path, "start", "2048");
	put_attribute(&machine, path, "size", "16");
}

static void test_partitions_come_in_the_order_of_their_numbers(void **state)
{
	_cleanup_free_ struct partition *list = NULL;
	size_t n = 0;

	(void)state;
	put_partition("sda10", "10", "8:10");
	put_partition("sda2", "2", "8:2");
	put_partition("sda1", "1", "8:1");
	assert_int_equal(disk_read_partitions(&machine.view, SDA, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].number, 1);
	assert_int_equal(list[1].number, 2);
	assert_int_equal(list[2].number, 10);
	assert_string_equal(list[2].name, "sda10");
	assert_int_equal(list[2].devnum, makedev(8, 10));
	assert_int_equal(list[2].start, 2048 * 512);
	assert_int_equal(list[2].size, 16 * 512);
}

static void test_a_partition_that_is_not_whole_is_left_out(void **state)
{
	_cleanup_free_ struct partition *list = NULL;
	size_t n = 4711;

	(void)state;
	put_partition("sda1", "1", "8:1");
	put_partition("sda2", "2", "8:2");
	put_partition("sda3", "0", "8:3");
	put_partition("sda4", "256", "8:4");
	remove_attribute(&machine, SDA "/sda1", "size");
	assert_int_equal(disk_read_partitions(&machine.view, SDA, &list, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].number, 2);
}

static void test_a_disk_without_partitions_has_none(void **state)
{
	struct partition *list = NULL;
	size_t n = 4711;

	(void)state;
	assert_int_equal(disk_read_partitions(&machine.view, SDA, &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_true(disk_read_partitions(&machine.view, "devices/none", &list, &n) < 0);
}

#define with_machine(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_machine(test_a_disk_in_a_slot_has_a_whole_record),
		with_machine(test_places_decide_what_a_disk_is),
		with_machine(test_the_disk_under_the_root_is_the_systems),
		with_machine(test_with_an_undecided_root_every_disk_is_the_systems),
		with_machine(test_a_disk_that_is_not_ours_needs_no_attributes),
		with_machine(test_a_missing_attribute_is_an_error_that_names_it),
		with_machine(test_a_malformed_attribute_is_an_error_that_names_it),
		with_machine(test_a_disk_that_is_gone_is_no_device),
		with_machine(test_a_malformed_path_is_an_error),
		with_machine(test_a_serial_page_that_lies_about_its_length_is_an_error),
		with_machine(test_a_disk_without_serial_page_has_none),
		with_machine(test_a_serial_whose_name_does_not_fit_is_none),
		with_machine(test_partitions_come_in_the_order_of_their_numbers),
		with_machine(test_a_partition_that_is_not_whole_is_left_out),
		with_machine(test_a_disk_without_partitions_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
