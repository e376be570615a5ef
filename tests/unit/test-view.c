/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/view.h: devices and links of a sysfs tree. */
#include "machine.h"

#define SDA "devices/pci0000:00/0000:00:03.0/virtio0/host2/target2:0:1/2:0:1:3/block/sda"

static struct machine machine;

static int set_up(void **state)
{
	(void)state;
	make_machine(&machine);
	put_disk(&machine, SDA, "8:0");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_machine(&machine);
	return 0;
}

static void check_block(const char *name, int result, const char *expected)
{
	char path[PATH_MAX] = "before";

	assert_int_equal(view_find_block(&machine.view, name, path, sizeof(path)), result);
	assert_string_equal(path, result ? "before" : expected);
}

static void test_a_block_device_is_found_by_name_and_by_number(void **state)
{
	(void)state;
	check_block("sda", 0, SDA);
	check_block("8:0", 0, SDA);
	check_block("sdb", -ENODEV, NULL);
	check_block("8:1", -ENODEV, NULL);
	check_block("", -ENODEV, NULL);
	check_block(".", -ENODEV, NULL);
	check_block("..", -ENODEV, NULL);
	check_block("../block/sda", -ENODEV, NULL);
}

static void test_a_link_never_leads_out_of_sysfs(void **state)
{
	char path[PATH_MAX];

	(void)state;
	put_link(&machine.tree, "sys/class/block/absolute", "/devices/x");
	put_link(&machine.tree, "sys/class/block/high", "../../../../etc/x");
	assert_int_equal(view_read_link(&machine.view, "class/block/absolute", path, sizeof(path)),
		-EBADMSG);
	assert_int_equal(
		view_read_link(&machine.view, "class/block/high", path, sizeof(path)), -EBADMSG);
	assert_int_equal(view_read_link(&machine.view, "class/block/sda", path, 10), -ENAMETOOLONG);
	assert_int_equal(
		view_read_link(&machine.view, "class/block/none", path, sizeof(path)), -ENOENT);
}

static void test_a_view_needs_sys_and_proc(void **state)
{
	struct view view = VIEW_NONE;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	assert_int_equal(view_open(tree.path, &view), -ENOENT);
	put_text(&tree, "sys/x", "");
	assert_int_equal(view_open(tree.path, &view), -ENOENT);
	put_text(&tree, "proc/x", "");
	assert_int_equal(view_open(tree.path, &view), 0);
	view_close(&view);
	remove_tree(&tree);
}

#define with_machine(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_machine(test_a_block_device_is_found_by_name_and_by_number),
		with_machine(test_a_link_never_leads_out_of_sysfs),
		with_machine(test_a_view_needs_sys_and_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
