/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/root-await.h: whether the root file system is yet to be mounted. */
#include "machine.h"

#include <sys/sysmacros.h>

#include "system.h"

static struct machine machine;

static int set_up(void **state)
{
	(void)state;
	make_machine(&machine);
	put_block(&machine, "devices/pci0000:00/0000:00:04.0/virtio1/block/vda", "254:0");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_machine(&machine);
	return 0;
}

/* Once the root is mounted, nothing else counts. */
static void check_mounted(void)
{
	struct system_disks disks;

	put_mounts(&machine, "1 0 254:0 / / rw - ext4 /dev/vda rw\n");
	system_disks_find(&machine.view, &disks);
	assert_false(disks.undecided);
	assert_int_equal(disks.n, 1);
	assert_true(system_disks_contain(&disks, makedev(254, 0)));
}

struct boot {
	const char *cmdline;
	bool awaited;
};

static const struct boot boots[] = {
	{ "quiet hotslot.root=/dev/sda rootwait", false },
	{ "root=", false },
	{ "root=/dev/sda2 quiet", true },
	{ "quiet root=UUID=0b3c", true },
	{ "root=\"LABEL=a b\"", true },
	{ "root=/dev/ram0", false },
	{ "root=/dev/nfs nfsroot=a:/b", false },
	{ "root=nfs4:a:/b", false },
	{ "root=none", false },
	{ "root=/dev/sda root=/dev/ram0", false },
	{ "root=root rootfstype=virtiofs", false },
	{ "root=root rootfstype=9p", false },
	{ "root=/dev/sda rootfstype=ext4", true },
	{ "boot=live components", true },
	{ "boot=nfs", false },
};

static void check_boot(const char *cmdline, bool awaited)
{
	struct system_disks disks;

	print_message("%s\n", cmdline);
	put_text(&machine.tree, "proc/cmdline", cmdline);
	system_disks_find(&machine.view, &disks);
	assert_int_equal(disks.undecided, awaited);
	assert_int_equal(disks.n, 0);
}

static void test_a_root_that_the_command_line_names_is_awaited(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		check_boot(boots[i].cmdline, boots[i].awaited);
	put_text(&machine.tree, "proc/cmdline", "root=/dev/sda2");
	check_mounted();
}

static void test_an_initrd_awaits_a_root_that_nobody_names(void **state)
{
	(void)state;
	put_text(&machine.tree, "etc/initrd-release", "");
	check_boot("quiet", true);
	check_boot("root=/dev/ram0", false);
	check_mounted();
}

static void test_our_own_init_has_mounted_the_root_before(void **state)
{
	(void)state;
	put_text(&machine.tree, "run/hotslot/init", "");
	check_boot("root=/dev/sda2", false);
}

#define with_machine(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_machine(test_a_root_that_the_command_line_names_is_awaited),
		with_machine(test_an_initrd_awaits_a_root_that_nobody_names),
		with_machine(test_our_own_init_has_mounted_the_root_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
