/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* initramfs/init/block-device.h: block devices in sysfs, and the kernel's uevents of them. */
#include "test.h"

#include <sys/sysmacros.h>

#include "block-device.h"

#define SCSI "devices/pci0000:00/0000:00:02.0/virtio0/host0/target0:0:255/0:0:255:0/block/sda"
#define RAID "devices/pci0000:00/0000:00:03.0/block/cciss!c0d0"

static struct tree tree;

static void put_device(const char *path, const char *devnum, const char *size)
{
	char file[PATH_MAX], link[PATH_MAX];

	snprintf(file, sizeof(file), "%s/dev", path);
	put_text(&tree, file, devnum);
	snprintf(file, sizeof(file), "%s/size", path);
	put_text(&tree, file, size);
	snprintf(link, sizeof(link), "class/block%s", strrchr(path, '/'));
	snprintf(file, sizeof(file), "../../%s", path);
	put_link(&tree, link, file);
}

static int set_up(void **state)
{
	(void)state;
	make_tree(&tree);
	put_device(SCSI, "8:0\n", "2048\n");
	put_device(SCSI "/sda10", "8:10\n", "2\n");
	put_device(SCSI "/sda2", "8:2\n", "2\n");
	put_text(&tree, SCSI "/sda2/partition", "2\n");
	put_device(RAID, "104:300\n", "0\n");
	put_device("devices/virtual/block/odd", "8\n", "2\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_tree(&tree);
	return 0;
}

static void test_a_disk_is_read(void **state)
{
	struct block_device device;

	(void)state;
	assert_int_equal(block_device_read(tree.fd, "sda", &device), 0);
	assert_string_equal(device.node, "/dev/sda");
	assert_string_equal(device.disk, "/" SCSI);
	assert_true(device.devnum == makedev(8, 0));
	assert_false(device.empty);
}

static void test_a_partition_is_on_its_disk(void **state)
{
	struct block_device device;

	(void)state;
	assert_int_equal(block_device_read(tree.fd, "sda2", &device), 0);
	assert_string_equal(device.node, "/dev/sda2");
	assert_string_equal(device.disk, "/" SCSI);
	assert_true(device.devnum == makedev(8, 2));
}

static void test_a_node_in_a_directory(void **state)
{
	struct block_device device;

	(void)state;
	assert_int_equal(block_device_read(tree.fd, "cciss!c0d0", &device), 0);
	assert_string_equal(device.node, "/dev/cciss/c0d0");
	assert_true(device.empty);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
	char name[NAME_MAX + 1];
	struct block_device device;

	(void)state;
	assert_int_equal(block_device_read(tree.fd, "sdb", &device), -ENOENT);
	assert_int_equal(block_device_read(tree.fd, "odd", &device), -EBADMSG);
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_int_equal(block_device_read(tree.fd, name, &device), -ENAMETOOLONG);
}

static void test_a_class_is_told_in_order(void **state)
{
	static const char *const expected[] = { "cciss!c0d0", "odd", "sda", "sda2", "sda10" };
	struct dirent **names;
	int n = device_names(tree.fd, "block", &names);

	(void)state;
	assert_int_equal(n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(names[i]->d_name, expected[i]);
	device_names_free(names, n);
	n = device_names(tree.fd, "virtio-ports", &names);
	assert_int_equal(n, 0);
	device_names_free(names, n);
}

static void test_what_comes_or_changes_counts(void **state)
{
	static const struct {
		const char *action, *subsystem;
		bool counts;
	} table[] = {
		{ "add", "block", true },
		{ "change", "block", true },
		{ "remove", "block", false },
		{ "add", "blocks", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct uevent event = { .action = table[i].action,
			.subsystem = table[i].subsystem,
			.devpath = "/devices/x/block/sda",
			.name = "sda" };

		assert_int_equal(block_device_came(&event), table[i].counts);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_is_read),
		cmocka_unit_test(test_a_partition_is_on_its_disk),
		cmocka_unit_test(test_a_node_in_a_directory),
		cmocka_unit_test(test_what_cannot_be_read_is_an_error),
		cmocka_unit_test(test_a_class_is_told_in_order),
		cmocka_unit_test(test_what_comes_or_changes_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
