/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has blocks of what on a host, by a sysfs of our own. */
#include "test.h"

#include <sys/sysmacros.h>

#include "image-host.h"

/* A disk with two partitions, on one of which is LVM; a loop device of the file "image". */
enum { DISK, PART1, PART2, LINEAR, OTHER, LOOP, FILE_BEHIND, FILE_OTHER, THINGS };

static const char *const names[] = { "disk", "partition 1", "partition 2", "lv", "other disk",
	"loop device", "its file", "other file" };

static const unsigned minors[] = {
	[DISK] = 0, [PART1] = 1, [PART2] = 2, [LINEAR] = 30, [OTHER] = 16, [LOOP] = 70
};

static const bool overlap[THINGS][THINGS] = {
	[DISK] = { [PART1] = true, [PART2] = true, [LINEAR] = true },
	[PART2] = { [LINEAR] = true },
	[LOOP] = { [FILE_BEHIND] = true },
};

static void put_device(const struct tree *tree, const char *path, unsigned minor)
{
	char text[64], link[64];

	snprintf(link, sizeof(link), "sys/devices/%s/dev", path);
	snprintf(text, sizeof(text), "8:%u\n", minor);
	put_text(tree, link, text);
	snprintf(link, sizeof(link), "dev/block/8:%u", minor);
	snprintf(text, sizeof(text), "devices/%s", path);
	put_sys_link(tree, "sys", link, text);
}

static void put_loop(const struct tree *tree, const char *name, const char *file)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "sys/devices/%s/loop/backing_file", name);
	snprintf(text, sizeof(text), "%s/%s\n", tree->path, file);
	put_text(tree, path, text);
	snprintf(path, sizeof(path), "devices/virtual/block/%s", name);
	snprintf(text, sizeof(text), "devices/%s", name);
	put_sys_link(tree, "sys", path, text);
}

static void stat_things(const struct tree *tree, struct stat things[THINGS])
{
	for (size_t i = 0; i < FILE_BEHIND; i++) {
		things[i] = (struct stat){ .st_mode = S_IFBLK, .st_rdev = makedev(8, minors[i]) };
	}
	assert_int_equal(fstatat(tree->fd, "image", &things[FILE_BEHIND], 0), 0);
	assert_int_equal(fstatat(tree->fd, "other", &things[FILE_OTHER], 0), 0);
}

/* *RET_SYS is closed by the caller. */
static void make_sys(struct tree *tree, int *ret_sys)
{
	make_tree(tree);
	put_device(tree, "sda", minors[DISK]);
	put_device(tree, "sda/sda1", minors[PART1]);
	put_text(tree, "sys/devices/sda/sda1/partition", "1\n");
	put_device(tree, "sda/sda2", minors[PART2]);
	put_text(tree, "sys/devices/sda/sda2/partition", "2\n");
	put_device(tree, "dm-0", minors[LINEAR]);
	put_sys_link(tree, "sys", "devices/dm-0/slaves/sda2", "devices/sda/sda2");
	put_device(tree, "sdb", minors[OTHER]);
	put_device(tree, "loop7", minors[LOOP]);
	put_text(tree, "image", "");
	put_text(tree, "other", "");
	put_loop(tree, "loop7", "image");
	put_text(tree, "sys/devices/loop8/size", "0\n");
	put_sys_link(tree, "sys", "devices/virtual/block/loop8", "devices/loop8");
	*ret_sys = open_below(tree, "sys");
}

static void test_devices_that_stand_on_each_other_overlap(void **state)
{
	struct stat things[THINGS];
	_cleanup_close_ int sys = -1;
	struct tree tree;

	(void)state;
	make_sys(&tree, &sys);
	stat_things(&tree, things);
	for (size_t i = 0; i < THINGS; i++)
		for (size_t k = 0; k < THINGS; k++) {
			print_message("%s, %s\n", names[i], names[k]);
			assert_int_equal(image_host_overlaps(sys, &things[i], &things[k]),
				i == k || overlap[i][k] || overlap[k][i]);
		}
	remove_tree(&tree);
}

/* One that stands on itself is no reason not to come to an end. */
static void test_a_sysfs_without_a_ground_is_given_up(void **state)
{
	const struct stat a = { .st_mode = S_IFBLK, .st_rdev = makedev(8, 0) };
	const struct stat b = { .st_mode = S_IFBLK, .st_rdev = makedev(8, 1) };
	_cleanup_close_ int sys = -1;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	put_device(&tree, "dm-0", 0);
	put_sys_link(&tree, "sys", "devices/dm-0/slaves/dm-0", "devices/dm-0");
	sys = open_below(&tree, "sys");
	assert_false(image_host_overlaps(sys, &a, &b));
	remove_tree(&tree);
}

static void test_the_loop_device_of_a_file_is_found(void **state)
{
	char name[BLOCK_NAME_SIZE] = "";
	struct stat things[THINGS];
	_cleanup_close_ int sys = -1;
	struct tree tree;

	(void)state;
	make_sys(&tree, &sys);
	stat_things(&tree, things);
	assert_true(image_host_find_loop(sys, &things[FILE_BEHIND], name));
	assert_string_equal(name, "loop7");
	assert_false(image_host_find_loop(sys, &things[FILE_OTHER], name));
	remove_tree(&tree);
}

static void test_a_scsi_device_that_is_passed_through_is_its_disk(void **state)
{
	static const char *const none[] = { "scsi_host2:0:1:6", "scsi_host2:0:1", "/dev/sda",
		"scsi_host2:0:1:5x" };
	struct stat things[THINGS], found;
	_cleanup_close_ int sys = -1;
	struct tree tree;

	(void)state;
	make_sys(&tree, &sys);
	stat_things(&tree, things);
	put_text(&tree, "sys/class/scsi_device/2:0:1:5/device/block/sda/dev", "8:0\n");
	assert_int_equal(image_host_find_scsi(sys, "scsi_host2:0:1:5", &found), 0);
	assert_true(image_host_overlaps(sys, &found, &things[PART1]));
	assert_false(image_host_overlaps(sys, &found, &things[OTHER]));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(image_host_find_scsi(sys, none[i], &found), -ENOENT);
	remove_tree(&tree);
}

static bool is_mounted(const char *name)
{
	return strcmp(name, "nvme1n2") == 0;
}

static void test_every_namespace_of_an_nvme_device_is_looked_at(void **state)
{
	static const char device[] = "sys/bus/pci/devices/0000:01:0a.1/nvme/nvme3";
	const struct source source = { .bus = 1, .slot = 10, .function = 1, .space = 1 };
	const struct source other = { .bus = 1, .slot = 10, .space = 1 };
	char name[BLOCK_NAME_SIZE], path[128];
	_cleanup_close_ int sys = -1;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	snprintf(path, sizeof(path), "%s/nvme3n1/size", device);
	put_text(&tree, path, "8\n");
	put_text(&tree, "sys/bus/pci/devices/0000:01:0a.0/vendor", "0x1234\n");
	sys = open_below(&tree, "sys");
	assert_false(image_host_find_nvme(sys, &source, is_mounted, name));
	assert_false(image_host_find_nvme(sys, &other, is_mounted, name));
	/* One of several paths to a disk. */
	snprintf(path, sizeof(path), "%s/nvme1c3n2/size", device);
	put_text(&tree, path, "8\n");
	assert_true(image_host_find_nvme(sys, &source, is_mounted, name));
	assert_string_equal(name, "nvme1n2");
	remove_tree(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_that_stand_on_each_other_overlap),
		cmocka_unit_test(test_a_sysfs_without_a_ground_is_given_up),
		cmocka_unit_test(test_the_loop_device_of_a_file_is_found),
		cmocka_unit_test(test_a_scsi_device_that_is_passed_through_is_its_disk),
		cmocka_unit_test(test_every_namespace_of_an_nvme_device_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
