/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users of a disk are found in /proc and /sys, wherever they are and whatever is in between. */
#include "test.h"

#include <glob.h>
#include <sys/sysmacros.h>

#include "users.h"

#define USERS_MAX 16

/* sdb, 8:16, with sdb1 and sdb2. */
struct fixture {
	struct tree tree;
	int procfd, sysfd;
	struct disk disk;
	struct partition partitions[2];
	struct disk_user users[USERS_MAX];
	size_t count;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->disk = (struct disk){ .name = "sdb", .devnum = makedev(8, 16) };
	fixture->partitions[0] =
		(struct partition){ .number = 1, .name = "sdb1", .devnum = makedev(8, 17) };
	fixture->partitions[1] =
		(struct partition){ .number = 2, .name = "sdb2", .devnum = makedev(8, 18) };
	make_tree(&fixture->tree);
	put_text(
		&fixture->tree, "proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	put_text(&fixture->tree, "sys/class/block/sdb/dev", "8:16\n");
	fixture->procfd = open_below(&fixture->tree, "proc");
	fixture->sysfd = open_below(&fixture->tree, "sys");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->procfd);
	close(fixture->sysfd);
	remove_tree(&fixture->tree);
	free(fixture);
	return 0;
}

static void put_process(struct fixture *fixture, const char *process, const char *name,
	const char *namespace, const char *mountinfo)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%s/comm", process);
	put_text(&fixture->tree, path, name);
	snprintf(path, sizeof(path), "proc/%s/mountinfo", process);
	put_text(&fixture->tree, path, mountinfo);
	snprintf(path, sizeof(path), "proc/%s/ns/mnt", process);
	put_link(&fixture->tree, path, namespace);
}

/* A block device that stands on another one, which sysfs lists in its holders. */
static void put_holder(
	struct fixture *fixture, const char *below, const char *name, const char *devnum)
{
	char path[128];

	snprintf(path, sizeof(path), "sys/class/block/%s/dev", name);
	put_text(&fixture->tree, path, devnum);
	snprintf(path, sizeof(path), "sys/class/block/%s/holders/%s", below, name);
	put_link(&fixture->tree, path, "../../somewhere");
}

static void find_up_to(struct fixture *fixture, size_t max)
{
	memset(fixture->users, 0xee, sizeof(fixture->users));
	assert_int_equal(disk_users_find(fixture->procfd, fixture->sysfd, NULL, 77, &fixture->disk,
				 fixture->partitions, 2, fixture->users, max, &fixture->count),
		0);
}

static void assert_user(const struct fixture *fixture, size_t i, const char *kind,
	const char *device, const char *what, pid_t pid, const char *process)
{
	assert_in_range(i, 0, fixture->count - 1);
	assert_string_equal(fixture->users[i].kind, kind);
	assert_string_equal(fixture->users[i].device, device);
	assert_string_equal(fixture->users[i].what, what);
	assert_int_equal(fixture->users[i].pid, pid);
	assert_string_equal(fixture->users[i].process, process);
}

static void test_an_unused_disk_has_no_users(void **state)
{
	struct fixture *fixture = *state;

	put_process(fixture, "self", "agent\n", "mnt:[1]",
		"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		"21 20 0:30 / /tmp rw - tmpfs /dev/sdb1 rw\n"); /* a source means nothing there */
	put_text(&fixture->tree, "proc/swaps", "Filename Type\n/dev/sda2 partition 1 0 -2\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 0);
}

static void test_mounts_are_found_in_every_namespace_once(void **state)
{
	struct fixture *fixture = *state;
	const char *own = "20 1 8:17 / /mnt/my\\040data rw shared:1 - ext4 /dev/sdb1 rw\n";
	const char *other = "30 1 8:16 /sub /srv rw - xfs /dev/other rw\n";

	put_process(fixture, "self", "agent\n", "mnt:[1]", own);
	put_process(fixture, "1", "init\n", "mnt:[1]", own);
	put_process(fixture, "40", "a) b\n", "mnt:[2]", other);
	put_process(fixture, "41", "c\n", "mnt:[2]", other);
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 2);
	assert_user(fixture, 0, "mount", "sdb1", "/mnt/my data", 0, "");
	assert_string_equal(fixture->users[1].what, "/srv");
	assert_string_equal(fixture->users[1].device, "sdb");
	/* Either of the two. */
	assert_in_range(fixture->users[1].pid, 40, 41);
}

static void test_a_name_with_control_characters_is_encoded(void **state)
{
	struct fixture *fixture = *state;

	put_process(fixture, "40", "e\033vil\n", "mnt:[2]",
		"30 1 8:16 / /a\\012b rw - xfs /dev/sdb rw\n");
	find_up_to(fixture, USERS_MAX);
	assert_user(fixture, 0, "mount", "sdb", "/a\\x0ab", 40, "e\\x1bvil");
}

static void test_a_very_long_mount_point_is_cut(void **state)
{
	struct fixture *fixture = *state;
	char line[5000], point[3000];

	memset(point, '\001', sizeof(point));
	point[0] = '/';
	point[sizeof(point) - 1] = '\0';
	snprintf(line, sizeof(line), "30 1 8:16 / %s rw - xfs /dev/sdb rw\n", point);
	put_process(fixture, "self", "agent\n", "mnt:[1]", line);
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_int_equal(strncmp(fixture->users[0].what, "/\\x01", 5), 0);
	assert_in_range(
		strlen(fixture->users[0].what), DISK_USER_WHAT_SIZE - 8, DISK_USER_WHAT_SIZE - 1);
	assert_int_equal(strlen(fixture->users[0].what) % 4, 1); /* no half of an escape */
}

static void test_swap_is_found(void **state)
{
	struct fixture *fixture = *state;

	put_text(&fixture->tree, "proc/swaps",
		"Filename\t\t\t\tType\n/dev/sdb2                               "
		"partition\t1\t0\t-2\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_user(fixture, 0, "swap", "sdb2", "/dev/sdb2", 0, "");
}

/* sdb1 below md127, that below dm-3 (vg-data), which is mounted. */
static void test_only_the_top_of_a_stack_is_a_holder(void **state)
{
	struct fixture *fixture = *state;

	put_holder(fixture, "sdb1", "md127", "9:127\n");
	put_holder(fixture, "md127", "dm-3", "253:3\n");
	put_text(&fixture->tree, "sys/class/block/dm-3/dm/name", "vg-data\n");
	put_process(fixture, "self", "agent\n", "mnt:[1]",
		"20 1 253:3 / /data rw - ext4 /dev/mapper/vg-data rw\n");
	put_text(&fixture->tree, "sys/fs/ext4/dm-3/lifetime_write_kbytes", "1\n"); /* no news */
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 2);
	assert_user(fixture, 0, "mount", "sdb1", "/data", 0, "");
	assert_user(fixture, 1, "holder", "sdb1", "vg-data", 0, "");
	assert_string_equal(fixture->users[0].through, "vg-data");
	assert_string_equal(fixture->users[1].through, "");
}

/* Of a file system that no mountinfo has: in sysfs, and by who has a file of it. */
static void test_a_file_system_that_was_unmounted_lazily_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct statx st;
	char path[PATH_MAX];

	put_text(&fixture->tree, "sys/fs/ext4/sdb2/lifetime_write_kbytes", "1\n");
	put_text(&fixture->tree, "a file", "");
	assert_int_equal(statx(fixture->tree.fd, "a file", 0, STATX_TYPE, &st), 0);
	fixture->partitions[1].devnum = makedev(st.stx_dev_major, st.stx_dev_minor);
	snprintf(path, sizeof(path), "%s/a file", fixture->tree.path);
	put_process(fixture, "40", "sh\n", "mnt:[1]", "");
	put_link(&fixture->tree, "proc/40/cwd", path);
	put_process(fixture, "41", "dd\n", "mnt:[1]", "");
	put_link(&fixture->tree, "proc/41/map_files/1-2", path);
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 3);
	assert_user(fixture, 0, "exclusive", "sdb2", "ext4", 0, "");
	assert_string_equal(fixture->users[1].kind, "open");
	assert_string_equal(fixture->users[2].kind, "open");
	assert_int_equal(fixture->users[1].pid + fixture->users[2].pid, 81);
}

static void test_a_disk_that_io_uring_has_registered_is_found(void **state)
{
	struct fixture *fixture = *state;

	put_process(fixture, "40", "db\n", "mnt:[1]", "");
	put_link(&fixture->tree, "proc/40/fd/7", "anon_inode:[io_uring]");
	put_text(&fixture->tree, "proc/40/fdinfo/7",
		"pos:\t0\nSqMask:\t0x3\nUserFiles:\t2\n    0: other\n    1: sdb1\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_user(fixture, 0, "open", "sdb1", "", 40, "db");
}

/* /dev/null stands for /dev/sg1. */
static void test_who_has_the_generic_device_open_is_found(void **state)
{
	struct fixture *fixture = *state;

	put_text(&fixture->tree, "sys/class/block/sdb/device/scsi_generic/sg1/dev", "1:3\n");
	put_process(fixture, "40", "sg_dd\n", "mnt:[1]", "");
	put_link(&fixture->tree, "proc/40/fd/3", "/dev/null");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_user(fixture, 0, "open", "sdb", "", 40, "sg_dd");
}

static void test_holders_in_a_circle_end(void **state)
{
	struct fixture *fixture = *state;

	put_holder(fixture, "sdb", "dm-0", "253:0\n");
	put_holder(fixture, "dm-0", "dm-1", "253:1\n");
	put_holder(fixture, "dm-1", "dm-0", "253:0\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 0); /* none is on top */
}

static void test_partitions_of_a_holder_are_found(void **state)
{
	struct fixture *fixture = *state;

	put_holder(fixture, "sdb", "md0", "9:0\n");
	put_text(&fixture->tree, "sys/class/block/md0/md0p1/partition", "1\n");
	put_text(&fixture->tree, "sys/class/block/md0p1/dev", "259:5\n");
	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/md0p1 partition 1 0 -2\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 2);
	assert_user(fixture, 0, "swap", "sdb", "/dev/md0p1", 0, "");
	assert_user(fixture, 1, "holder", "sdb", "md0", 0, "");
}

static void test_loop_devices_are_holders(void **state)
{
	struct fixture *fixture = *state;

	put_text(&fixture->tree, "sys/block/loop0/loop/backing_file", "/images/sdb2\n");
	put_text(&fixture->tree, "sys/class/block/loop0/dev", "7:0\n");
	put_text(&fixture->tree, "sys/block/loop1/loop/backing_file", "/dev/sdb2\n");
	put_text(&fixture->tree, "sys/class/block/loop1/dev", "7:1\n");
	put_holder(fixture, "loop1", "dm-0", "253:0\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_user(fixture, 0, "holder", "sdb2", "dm-0", 0, "");
}

/* Btrfs has device numbers that are no disk's, and names one of its devices. */
static void test_every_device_of_a_btrfs_is_found(void **state)
{
	struct fixture *fixture = *state;

	put_process(fixture, "self", "agent\n", "mnt:[1]",
		"20 1 0:40 / /pool rw - btrfs /dev/sdb1 rw\n");
	put_link(&fixture->tree, "sys/fs/btrfs/1111-2222/devices/sdb1", "../x");
	put_link(&fixture->tree, "sys/fs/btrfs/1111-2222/devices/sdb2", "../x");
	put_link(&fixture->tree, "sys/fs/btrfs/3333-4444/devices/sdc", "../x");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 3);
	assert_user(fixture, 0, "mount", "sdb1", "/pool", 0, "");
	assert_user(fixture, 1, "holder", "sdb1", "btrfs 1111-2222", 0, "");
	assert_user(fixture, 2, "holder", "sdb2", "btrfs 1111-2222", 0, "");
}

/* Any block device of this machine, found but not opened. */
static bool find_block_device(char *ret_path, size_t size, dev_t *ret)
{
	glob_t found;
	struct stat st;
	bool is = false;

	if (glob("/dev/*", GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !is; i++) {
		is = stat(found.gl_pathv[i], &st) == 0 && S_ISBLK(st.st_mode);
		snprintf(ret_path, size, "%s", found.gl_pathv[i]);
	}
	globfree(&found);
	*ret = st.st_rdev;
	return is;
}

static void put_open_file(struct fixture *fixture, const char *process, const char *name,
	pid_t parent, const char *path)
{
	char file[64], stat[128];

	put_process(fixture, process, name, "mnt:[1]", "");
	snprintf(file, sizeof(file), "proc/%s/fd/5", process);
	put_link(&fixture->tree, file, path);
	snprintf(file, sizeof(file), "proc/%s/stat", process);
	snprintf(stat, sizeof(stat), "%s (a) b) S %d 1 1 0\n", process, parent);
	put_text(&fixture->tree, file, stat);
}

static void test_open_files_of_others_are_found(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX];

	if (!find_block_device(path, sizeof(path), &fixture->partitions[0].devnum))
		skip();
	put_open_file(fixture, "40", "dd\n", 1, path);
	put_open_file(fixture, "41", "cat\n", 1, "/dev/null");
	put_open_file(fixture, "42", "nc\n", 1, "socket:[123]");
	put_open_file(fixture, "77", "agent\n", 1, path);
	put_open_file(fixture, "78", "agent\n", 77, path);
	put_open_file(fixture, "79", "kthread\n", 2, path);
	put_text(&fixture->tree, "proc/79/stat", "79 (kthread) S 2 0 0 0 -1 69238880 0\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 1);
	assert_user(fixture, 0, "open", "sdb1", "", 40, "dd");
}

static void test_more_users_than_asked_for_are_counted(void **state)
{
	struct fixture *fixture = *state;
	char mounts[4096] = "";

	for (unsigned i = 0; i < 20; i++)
		sprintf(mounts + strlen(mounts), "%u 1 8:16 / /m%u rw - xfs /dev/sdb rw\n", 30 + i,
			i);
	put_process(fixture, "self", "agent\n", "mnt:[1]", mounts);
	find_up_to(fixture, 3);
	assert_int_equal(fixture->count, 20);
	assert_user(fixture, 2, "mount", "sdb", "/m2", 0, "");
	assert_int_equal((unsigned char)fixture->users[3].kind[0], 0xee);
}

static void test_half_a_proc_is_no_error(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->procfd, "swaps", 0);
	put_text(&fixture->tree, "proc/99/comm", "gone\n");
	put_process(fixture, "98", "odd\n", "mnt:[9]", "no mountinfo\n\n1 2 3\n");
	find_up_to(fixture, USERS_MAX);
	assert_int_equal(fixture->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_an_unused_disk_has_no_users),
		TEST(test_mounts_are_found_in_every_namespace_once),
		TEST(test_a_name_with_control_characters_is_encoded),
		TEST(test_a_very_long_mount_point_is_cut),
		TEST(test_swap_is_found),
		TEST(test_only_the_top_of_a_stack_is_a_holder),
		TEST(test_a_file_system_that_was_unmounted_lazily_is_found),
		TEST(test_a_disk_that_io_uring_has_registered_is_found),
		TEST(test_who_has_the_generic_device_open_is_found),
		TEST(test_holders_in_a_circle_end),
		TEST(test_partitions_of_a_holder_are_found),
		TEST(test_loop_devices_are_holders),
		TEST(test_every_device_of_a_btrfs_is_found),
		TEST(test_open_files_of_others_are_found),
		TEST(test_more_users_than_asked_for_are_counted),
		TEST(test_half_a_proc_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
