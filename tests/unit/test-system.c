/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/system.h: which disks the root file system stands on; in doubt, all. */
#include "machine.h"

#include <seccomp.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "system.h"

#define SDA "devices/pci0000:00/0000:00:03.0/virtio0/host0/target0:0:255/0:0:255:0/block/sda"
#define SDB "devices/pci0000:00/0000:00:03.0/virtio0/host0/target0:0:0/0:0:0:0/block/sdb"
#define SDA_MOUNT "1 0 8:0 / / rw - ext4 /dev/sda rw\n"

static struct machine machine;

static int set_up(void **state)
{
	(void)state;
	make_machine(&machine);
	put_disk(&machine, SDA, "8:0");
	put_disk(&machine, SDB, "8:16");
	put_block(&machine, SDA "/sda2", "8:2");
	put_attribute(&machine, SDA "/sda2", "partition", "2");
	put_block(&machine, SDB "/sdb1", "8:17");
	put_attribute(&machine, SDB "/sdb1", "partition", "1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_machine(&machine);
	return 0;
}

/* Checks that the system stands on exactly the disks of the set: 1 is sda, 2 is sdb. */
static void check_system(const char *mounts, unsigned set)
{
	struct system_disks disks;

	if (mounts)
		put_mounts(&machine, mounts);
	system_disks_find(&machine.view, &disks);
	assert_false(disks.undecided);
	assert_int_equal(disks.n, __builtin_popcount(set));
	assert_int_equal(system_disks_contain(&disks, makedev(8, 0)), set & 1);
	assert_int_equal(system_disks_contain(&disks, makedev(8, 16)), set >> 1 & 1);
}

static void check_undecided(const char *mounts)
{
	struct system_disks disks;

	if (mounts)
		put_mounts(&machine, mounts);
	system_disks_find(&machine.view, &disks);
	assert_true(disks.undecided);
}

static void test_a_root_in_memory_or_on_the_network_is_on_no_disk(void **state)
{
	static const char *const types[] = { "rootfs", "tmpfs", "ramfs", "nfs4", "9p", "virtiofs" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char line[128];

		snprintf(line, sizeof(line), "1 0 0:31 / / rw - %s none rw\n", types[i]);
		check_system(line, 0);
	}
}

static void test_a_root_on_a_whole_disk(void **state)
{
	(void)state;
	check_system(SDA_MOUNT, 1);
}

static void test_a_root_on_a_partition(void **state)
{
	(void)state;
	check_system("1 0 8:2 / / rw - ext4 /dev/sda2 rw\n", 1);
}

static void test_other_mounts_do_not_count(void **state)
{
	(void)state;
	check_system(SDA_MOUNT "2 1 8:17 / /mnt rw - ext4 /dev/sdb1 rw\n", 1);
}

static void test_every_mount_on_the_root_counts(void **state)
{
	(void)state;
	check_system("1 0 0:2 / / rw - rootfs rootfs rw\n2 1 8:2 / / rw - ext4 /dev/sda2 rw\n", 1);
}

static void test_the_root_of_process_1_counts_too(void **state)
{
	(void)state;
	put_text(&machine.tree, "proc/1/mountinfo", SDA_MOUNT);
	check_system(NULL, 1);
	put_text(&machine.tree, "proc/self/mountinfo", "1 0 8:17 / / rw - ext4 /dev/sdb1 rw\n");
	check_system(NULL, 3);
}

static void test_a_root_on_device_mapper_stands_on_all_its_disks(void **state)
{
	static const char dm0[] = "devices/virtual/block/dm-0";
	static const char dm1[] = "devices/virtual/block/dm-1";

	(void)state;
	/* LUKS on LVM over a partition of each disk. */
	put_block(&machine, dm0, "253:0");
	put_member(&machine, dm0, "slaves", SDA "/sda2");
	put_member(&machine, dm0, "slaves", SDB "/sdb1");
	put_block(&machine, dm1, "253:1");
	put_member(&machine, dm1, "slaves", dm0);
	check_system("1 0 253:1 / / rw - ext4 /dev/mapper/root rw\n", 3);
}

static void test_a_root_on_md_stands_on_all_its_disks(void **state)
{
	static const char md[] = "devices/virtual/block/md0";

	(void)state;
	put_block(&machine, md, "9:0");
	put_member(&machine, md, "slaves", SDA);
	put_member(&machine, md, "slaves", SDB);
	check_system("1 0 9:0 / / rw - ext4 /dev/md0 rw\n", 3);
}

static void test_layers_of_device_mapper_and_md_are_followed(void **state)
{
	static const char md[] = "devices/virtual/block/md0";
	static const char dm[] = "devices/virtual/block/dm-0";

	(void)state;
	put_block(&machine, dm, "253:0");
	check_undecided("1 0 253:0 / / rw - ext4 /dev/mapper/root rw\n");
	put_block(&machine, md, "9:0");
	put_member(&machine, dm, "slaves", md);
	check_undecided(NULL);
	put_member(&machine, md, "slaves", SDA "/sda2");
	put_member(&machine, md, "slaves", SDB "/sdb1");
	check_system(NULL, 3);
}

static void test_a_root_on_a_loop_device_stands_on_what_its_file_is_on(void **state)
{
	static const char loop[] = "devices/virtual/block/loop0";

	(void)state;
	put_block(&machine, loop, "7:0");
	put_attribute(&machine, loop, "loop/backing_file", "/media/live/root.squashfs");
	check_system("1 0 7:0 / / ro - squashfs /dev/loop0 ro\n"
		     "2 1 8:17 / /media/live ro - iso9660 /dev/sdb1 ro\n",
		2);
}

static void test_a_root_on_an_overlay_stands_on_all_its_layers(void **state)
{
	(void)state;
	check_system("1 0 0:40 / / rw - overlay overlay "
		     "rw,lowerdir=/lower/a:/lower/b,upperdir=/upper/x,workdir=/upper/w\n"
		     "2 1 8:2 / /lower ro - ext4 /dev/sda2 ro\n"
		     "3 1 8:16 / /upper rw - ext4 /dev/sdb rw\n",
		3);
}

#define OVERLAY "1 0 0:40 / / rw - overlay overlay "
#define SDA_LOWER "30 2 8:0 / /lower ro - ext4 /dev/sda ro\n"

/* This process was started in the initramfs. */
static void put_own_mounts(const char *lines)
{
	put_text(&machine.tree, "proc/self/mountinfo", lines);
}

static void test_a_layer_that_a_switch_of_the_root_has_covered_is_seen_from_before(void **state)
{
	static const char lower[] = OVERLAY "rw,lowerdir=/lower\n";

	(void)state;
	check_undecided(lower);
	put_own_mounts("2 2 0:2 / / rw - rootfs rootfs rw\n" SDA_LOWER
		       "1 2 0:40 / / rw - overlay overlay rw,lowerdir=/lower\n");
	check_system(NULL, 1);
}

static void test_a_disk_on_the_path_of_a_covered_layer_is_not_taken_for_it(void **state)
{
	static const char later[] = "40 1 8:16 / /lower rw - ext4 /dev/sdb rw\n";
	char lines[512];

	(void)state;
	snprintf(lines, sizeof(lines), "%s%s", OVERLAY "rw,lowerdir=/lower\n", later);
	put_mounts(&machine, lines);
	snprintf(lines, sizeof(lines), "%s%s%s%s", "2 2 0:2 / / rw - rootfs rootfs rw\n", SDA_LOWER,
		OVERLAY "rw,lowerdir=/lower\n", later);
	lines[strlen("2 2 0:2 / / rw - rootfs rootfs rw\n" SDA_LOWER "1 ")] = '2';
	put_own_mounts(lines);
	check_system(NULL, 1);
}

/* A lazily unmounted layer leaves its mount point behind. */
static void test_a_layer_in_memory_is_believed_only_if_it_is_there(void **state)
{
	static const char lines[] = OVERLAY "rw,lowerdir=/run/lower,upperdir=/run/up/per\n"
					    "2 1 0:25 / /run rw - tmpfs tmpfs rw\n"
					    "3 2 %s / /run/lower ro - %s ro\n";
	char on_disk[512], in_memory[512];

	(void)state;
	snprintf(on_disk, sizeof(on_disk), lines, "8:0", "ext4 /dev/sda");
	snprintf(in_memory, sizeof(in_memory), lines, "0:26", "tmpfs tmpfs");
	check_undecided(on_disk);
	put_text(&machine.tree, "proc/1/root/run/up/per/etc/fstab", "");
	check_system(on_disk, 1);
	check_system(in_memory, 0);
	check_undecided(OVERLAY "rw,lowerdir=/run/lower,upperdir=/run/up/per\n"
				"2 1 0:25 / /run rw - tmpfs tmpfs rw\n");
}

static void test_a_loop_device_over_a_file_in_memory_is_on_no_disk(void **state)
{
	static const char loop[] = "devices/virtual/block/loop0";
	static const char lines[] = "1 0 7:0 / / ro - squashfs /dev/loop0 ro\n"
				    "2 1 0:25 / /run rw - tmpfs tmpfs rw\n";

	(void)state;
	put_block(&machine, loop, "7:0");
	put_attribute(&machine, loop, "loop/backing_file", "/run/image");
	check_undecided(lines);
	put_text(&machine.tree, "proc/1/root/run/image", "");
	check_system(lines, 0);
}

static void put_node(const char *path, dev_t devnum)
{
	put_text(&machine.tree, path, "");
	assert_int_equal(unlinkat(machine.tree.fd, path, 0), 0);
	if (mknodat(machine.tree.fd, path, S_IFBLK | 0600, devnum) < 0)
		skip(); /* only root may */
}

static void test_a_loop_device_over_a_node_stands_on_its_device(void **state)
{
	static const char loop[] = "devices/virtual/block/loop0";

	(void)state;
	put_block(&machine, loop, "7:0");
	put_attribute(&machine, loop, "loop/backing_file", "/dev/root");
	put_node("proc/1/root/dev/root", makedev(8, 17));
	check_system("1 0 7:0 / / ro - squashfs /dev/loop0 ro\n"
		     "2 1 0:6 / /dev rw - devtmpfs udev rw\n",
		2);
}

static void test_a_journal_of_its_own_counts(void **state)
{
	static const char lines[] = "1 0 8:2 / / rw - xfs /dev/sda2 rw,logdev=/dev/log\n"
				    "2 1 0:6 / /dev rw - devtmpfs udev rw\n";

	(void)state;
	check_undecided(lines);
	put_node("proc/1/root/dev/log", makedev(8, 16));
	check_system(lines, 3);
}

static void test_a_root_on_btrfs_on_device_mapper_is_found_by_its_node(void **state)
{
	static const char dm[] = "devices/virtual/block/dm-0";

	(void)state;
	put_block(&machine, dm, "253:0");
	put_member(&machine, dm, "slaves", SDB);
	put_link(&machine.tree, "sys/fs/btrfs/0b3c/devices/dm-0",
		"../../../../"
		"devices/virtual/block/dm-0");
	put_node("proc/1/root/dev/mapper/root", makedev(253, 0));
	check_system("1 0 0:40 / / rw - btrfs /dev/mapper/root rw\n", 2);
}

static void test_a_root_on_btrfs_stands_on_all_its_members(void **state)
{
	static const char uuid[] = "sys/fs/btrfs/0b3c1d3e-0000-0000-0000-000000000000/devices";
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/sda2", uuid);
	put_link(&machine.tree, path, "../../../../" SDA "/sda2");
	snprintf(path, sizeof(path), "%s/sdb", uuid);
	put_link(&machine.tree, path, "../../../../" SDB);
	check_system("1 0 0:40 / / rw - btrfs /dev/sda2 rw,subvol=/root\n", 3);
}

static void test_what_cannot_be_decided_is_undecided(void **state)
{
	(void)state;
	check_undecided("1 0 8:99 / / rw - ext4 /dev/sdx rw\n");
	check_undecided("1 0 0:40 / / rw - zfs rpool/root rw\n");
	check_undecided("1 0 8:16 / / rw - bcachefs /dev/sda:/dev/sdb rw\n");
	check_undecided("1 0 0:40 / / rw - btrfs /dev/sda2 rw\n");
	check_undecided("1 0 0:40 / / rw - overlay overlay rw\n");
	check_undecided("1 0 0:40 / / rw - overlay overlay rw,lowerdir=relative\n");
	check_undecided("nonsense\n");
	check_undecided("2 1 8:16 / /mnt rw - ext4 /dev/sdb rw\n");
	check_undecided("");
}

static void test_layers_that_lead_to_themselves_are_undecided(void **state)
{
	static const char dm[] = "devices/virtual/block/dm-0";

	(void)state;
	check_undecided("1 0 0:40 / / rw - overlay overlay rw,lowerdir=/a:/b:/c\n");
	put_block(&machine, dm, "253:0");
	put_member(&machine, dm, "slaves", dm);
	check_undecided("1 0 253:0 / / rw - ext4 /dev/mapper/root rw\n");
}

static void test_without_the_mounts_of_process_1_it_is_undecided(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(machine.tree.fd, "proc/1/mountinfo", 0), 0);
	check_undecided(NULL);
}

/* The kernel has no memory for what stands in a directory. A child of ours, as it stays so. */
static int find_without_lists(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct system_disks disks;

	if (!filter ||
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(getdents64), 0) < 0 ||
		seccomp_load(filter) < 0)
		return 2;
	system_disks_find(&machine.view, &disks);
	return disks.undecided && disks.error == -ENOMEM ? 0 : 1;
}

/* Else it would be a disk itself, the only one. */
static void test_what_stands_on_members_that_cannot_be_listed_is_undecided(void **state)
{
	static const char drbd[] = "devices/virtual/block/drbd0";
	int status;
	pid_t pid;

	(void)state;
	put_block(&machine, drbd, "147:0");
	put_member(&machine, drbd, "slaves", SDB);
	check_system("1 0 147:0 / / rw - ext4 /dev/drbd0 rw\n", 2);
	pid = fork();
	if (pid == 0)
		_exit(find_without_lists());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define with_machine(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_machine(test_a_root_in_memory_or_on_the_network_is_on_no_disk),
		with_machine(test_a_root_on_a_whole_disk),
		with_machine(test_a_root_on_a_partition),
		with_machine(test_other_mounts_do_not_count),
		with_machine(test_every_mount_on_the_root_counts),
		with_machine(test_the_root_of_process_1_counts_too),
		with_machine(test_a_root_on_device_mapper_stands_on_all_its_disks),
		with_machine(test_a_root_on_md_stands_on_all_its_disks),
		with_machine(test_a_root_on_a_loop_device_stands_on_what_its_file_is_on),
		with_machine(test_a_root_on_an_overlay_stands_on_all_its_layers),
		with_machine(test_layers_of_device_mapper_and_md_are_followed),
		with_machine(
			test_a_layer_that_a_switch_of_the_root_has_covered_is_seen_from_before),
		with_machine(test_a_disk_on_the_path_of_a_covered_layer_is_not_taken_for_it),
		with_machine(test_a_layer_in_memory_is_believed_only_if_it_is_there),
		with_machine(test_a_loop_device_over_a_file_in_memory_is_on_no_disk),
		with_machine(test_a_loop_device_over_a_node_stands_on_its_device),
		with_machine(test_a_journal_of_its_own_counts),
		with_machine(test_a_root_on_btrfs_on_device_mapper_is_found_by_its_node),
		with_machine(test_a_root_on_btrfs_stands_on_all_its_members),
		with_machine(test_what_cannot_be_decided_is_undecided),
		with_machine(test_layers_that_lead_to_themselves_are_undecided),
		with_machine(test_without_the_mounts_of_process_1_it_is_undecided),
		with_machine(test_what_stands_on_members_that_cannot_be_listed_is_undecided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
