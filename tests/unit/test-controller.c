/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/controller.h: which controller is managed, and who says so. */
#include "machine.h"

#include <sys/sysmacros.h>

#include "controller.h"

#define LOW "devices/pci0000:00/0000:00:03.0/virtio5"
#define HIGH "devices/pci0000:00/0000:00:07.0/virtio0"
#define BRIDGED "devices/pci0000:00/0000:00:02.0/0000:01:01.0/virtio1"
#define EXPANDED "devices/pci0000:80/0000:80:05.0/virtio2"

struct find_case {
	const char *text;
	int result;
	const char *value;
};

static void test_a_configuration_file_has_keys_and_values(void **state)
{
	static const struct find_case table[] = {
		{ "controller = 0000:00:03.0\n", 1, "0000:00:03.0" },
		{ "controller=0000:00:03.0", 1, "0000:00:03.0" },
		{ "\n# a comment\n \t\n  controller\t=  x  # and more\n", 1, "x" },
		{ "other = 1\ncontroller = x\n", 1, "x" },
		{ "controller = x\ncontroller = y\n", 1, "x" },
		{ "controller =\n", 1, "" },
		{ "controller = # nothing\n", 1, "" },
		{ "controller = a = b\n", 1, "a = b" },
		{ "controllers = x\ncontrol = y\nxcontroller = z\n", 0, NULL },
		{ "#controller = x\n", 0, NULL },
		{ "", 0, NULL },
		{ "controller\n", -EBADMSG, NULL },
		{ "nonsense\ncontroller = x\n", -EBADMSG, NULL },
		{ "controller = 0123456789abcdef\n", -E2BIG, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char value[16] = "before";

		assert_int_equal(config_find(table[i].text, "controller", value, sizeof(value)),
			table[i].result);
		assert_string_equal(value, table[i].value ? table[i].value : "before");
	}
}

static void test_a_kernel_command_line_has_parameters(void **state)
{
	static const struct find_case table[] = {
		{ "quiet hotslot.controller=0000:00:03.0 ro\n", 1, "0000:00:03.0" },
		{ "hotslot.controller=x", 1, "x" },
		{ "hotslot.controller=x hotslot.controller=y", 1, "y" },
		{ "hotslot.controller=\"x y\" z", 1, "x y" },
		{ "\"hotslot.controller=x y\" z", 1, "x y" },
		{ "a=\"b hotslot.controller=x\"", 0, NULL },
		{ "hotslot.controller=", 1, "" },
		{ "hotslot.controller", 0, NULL },
		{ "xhotslot.controller=x hotslot.controllers=y", 0, NULL },
		{ "", 0, NULL },
		{ "hotslot.controller=0123456789abcdef", -E2BIG, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char value[16] = "before";

		assert_int_equal(
			cmdline_find(table[i].text, "hotslot.controller", value, sizeof(value)),
			table[i].result);
		assert_string_equal(value, table[i].value ? table[i].value : "before");
	}
}

static void check_found(struct machine *machine, dev_t system, int result, const char *expected)
{
	struct system_disks disks = { .n = system ? 1 : 0, .devnums = { system } };
	char name[CONTROLLER_SIZE] = "before";

	assert_int_equal(controller_find(&machine->view, &disks, "", name), result);
	assert_string_equal(name, result ? "before" : expected);
}

static void test_without_a_controller_there_is_none(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	check_found(&machine, 0, 0, "");
	remove_machine(&machine);
}

static void test_the_only_controller_is_managed(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, BRIDGED);
	put_disk(&machine, BRIDGED "/host0/target0:0:0/0:0:0:0/block/sda", "8:0");
	check_found(&machine, 0, 0, "0000:00:02.0/0000:01:01.0");
	/* Even if the system is on it. */
	check_found(&machine, makedev(8, 0), 0, "0000:00:02.0/0000:01:01.0");
	remove_machine(&machine);
}

static void test_a_controller_on_the_way_to_the_disk_is_not_looked_up(void **state)
{
	static const char link[] = "bus/virtio/drivers/virtio_scsi/virtio1";
	struct system_disks disks = {};
	char name[CONTROLLER_SIZE];
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_sys_link(&machine.tree, "sys", link, "devices/none");
	assert_int_equal(
		controller_find(&machine.view, &disks, BRIDGED "/host0/block/sda", name), 0);
	assert_string_equal(name, "0000:00:02.0/0000:01:01.0");
	/* This is another one's way. */
	assert_int_equal(
		controller_find(&machine.view, &disks, BRIDGED "1/host0/block/sda", name), 0);
	assert_string_equal(name, "");
	remove_machine(&machine);
}

static void test_of_several_the_one_with_the_lowest_path_is_managed(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, HIGH);
	put_controller(&machine, LOW);
	check_found(&machine, 0, 0, "0000:00:03.0");
	remove_machine(&machine);
}

static void test_of_several_one_without_the_system_is_managed(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, LOW);
	put_controller(&machine, HIGH);
	put_disk(&machine, LOW "/host0/target0:0:0/0:0:0:0/block/sda", "8:0");
	check_found(&machine, makedev(8, 0), 0, "0000:00:07.0");
	remove_machine(&machine);
}

/* Fail closed: a system disk that sysfs does not show may be anywhere. */
static void test_with_a_system_disk_that_is_not_found_none_is_chosen(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, LOW);
	put_controller(&machine, HIGH);
	check_found(&machine, makedev(8, 0), 0, "");
	remove_machine(&machine);
}

/* The root may turn out to be on any of them. */
static void test_while_the_system_is_undecided_none_of_several_is_chosen(void **state)
{
	const struct system_disks undecided = { .undecided = true };
	char name[CONTROLLER_SIZE] = "as it was";
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, LOW);
	assert_int_equal(controller_find(&machine.view, &undecided, "", name), 0);
	assert_string_equal(name, "0000:00:03.0");
	put_controller(&machine, HIGH);
	assert_int_equal(controller_find(&machine.view, &undecided, "", name), 0);
	assert_string_equal(name, "");
	remove_machine(&machine);
}

static void test_the_configuration_decides(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, LOW);
	put_controller(&machine, HIGH);
	put_controller(&machine, BRIDGED);
	put_text(&machine.tree, "etc/hotslot.conf", "controller = 0000:00:07.0\n");
	check_found(&machine, 0, 0, "0000:00:07.0");
	/* The command line comes first; the last PCI function is enough of a name. */
	put_text(&machine.tree, "proc/cmdline", "quiet hotslot.controller=0000:01:01.0\n");
	check_found(&machine, 0, 0, "0000:00:02.0/0000:01:01.0");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=0000:00:02.0/0000:01:01.0\n");
	check_found(&machine, 0, 0, "0000:00:02.0/0000:01:01.0");
	/* As the host tells it. */
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=02.0/01.0\n");
	check_found(&machine, 0, 0, "0000:00:02.0/0000:01:01.0");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=07.0\n");
	check_found(&machine, 0, 0, "0000:00:07.0");
	put_controller(&machine, EXPANDED);
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=80:05.0\n");
	check_found(&machine, 0, 0, "0000:80:05.0");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=05.0\n");
	check_found(&machine, 0, 0, "05.0");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=02.0\n");
	check_found(&machine, 0, 0, "02.0");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=02.0/01.0/\n");
	check_found(&machine, 0, 0, "02.0/01.0/");
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=\n");
	check_found(&machine, 0, 0, "");
	/* One that is not there is not replaced by another. */
	put_text(&machine.tree, "proc/cmdline", "hotslot.controller=0000:00:09.0\n");
	check_found(&machine, 0, 0, "0000:00:09.0");
	remove_machine(&machine);
}

static void test_a_malformed_configuration_is_an_error(void **state)
{
	struct machine machine;

	(void)state;
	make_machine(&machine);
	put_controller(&machine, LOW);
	put_text(&machine.tree, "etc/hotslot.conf", "controller 0000:00:07.0\n");
	check_found(&machine, 0, -EBADMSG, NULL);
	remove_machine(&machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_configuration_file_has_keys_and_values),
		cmocka_unit_test(test_a_kernel_command_line_has_parameters),
		cmocka_unit_test(test_without_a_controller_there_is_none),
		cmocka_unit_test(test_the_only_controller_is_managed),
		cmocka_unit_test(test_a_controller_on_the_way_to_the_disk_is_not_looked_up),
		cmocka_unit_test(test_of_several_the_one_with_the_lowest_path_is_managed),
		cmocka_unit_test(test_of_several_one_without_the_system_is_managed),
		cmocka_unit_test(test_with_a_system_disk_that_is_not_found_none_is_chosen),
		cmocka_unit_test(test_while_the_system_is_undecided_none_of_several_is_chosen),
		cmocka_unit_test(test_the_configuration_decides),
		cmocka_unit_test(test_a_malformed_configuration_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
