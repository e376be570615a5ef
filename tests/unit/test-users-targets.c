/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel itself has a disk open for is found in configfs, wherever that is mounted. */
#include "test.h"

#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "users.h"

#define USERS_MAX 16

#define NAMESPACE "nvmet/subsystems/t/namespaces/1"
#define FILEIO "target/core/fileio_0/x"
#define IBLOCK "target/core/iblock_3/y"
#define GADGET "usb_gadget/g/functions/mass_storage.0/lun.0"

/* What kernel 6.1 says. */
#define FILEIO_INFO                                                                       \
	"Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n" \
	"        TCM FILEIO ID: 0        File: %s  Size: 8388608  Mode: O_DSYNC Async: 0\n"
#define IBLOCK_INFO                                                                     \
	"Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 256\n" \
	"        iBlock device: sdb1  UDEV PATH: /dev/else  readonly: 0\n"              \
	"        Major: 8 Minor: 17  CLAIMED: IBLOCK\n"

/* sdb, 8:16, with sdb1. */
struct fixture {
	struct tree tree;
	int procfd, sysfd;
	struct disk_user users[USERS_MAX];
	size_t count;
};

/* ROOT of configfs, mounted at /cfg of this process; it is the directory "cfg" of the tree. */
static void put_mount(struct fixture *fixture, const char *process, const char *root)
{
	char path[64], line[256];
	struct stat st;

	assert_int_equal(fstat(fixture->tree.fd, &st), 0);
	snprintf(path, sizeof(path), "proc/%s/mountinfo", process);
	snprintf(line, sizeof(line), "36 1 %u:%u %s /c\\146g rw - configfs none rw\n",
		major(st.st_dev), minor(st.st_dev), root);
	put_text(&fixture->tree, path, line);
	snprintf(path, sizeof(path), "proc/%s/root", process);
	put_link(&fixture->tree, path, fixture->tree.path);
	snprintf(path, sizeof(path), "proc/%s/ns/mnt", process);
	snprintf(line, sizeof(line), "mnt:[%s]", process);
	put_link(&fixture->tree, path, line);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_tree(&fixture->tree);
	put_text(&fixture->tree, "sys/class/block/sdb/dev", "8:16\n");
	put_text(&fixture->tree, "cfg/nvmet/discovery_nqn", "");
	put_mount(fixture, "self", "/");
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

static void put_attribute(
	struct fixture *fixture, const char *item, const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "cfg/%s/%s", item, name);
	put_text(&fixture->tree, path, text);
}

static void put_fileio(struct fixture *fixture, const char *file)
{
	char info[2 * PATH_MAX];

	snprintf(info, sizeof(info), FILEIO_INFO, file);
	put_attribute(fixture, FILEIO, "info", info);
	put_text(&fixture->tree, "cfg/target/core/fileio_0/hba_info", "HBA Index: 1\n");
}

static void find(struct fixture *fixture)
{
	const struct disk disk = {
		.status = DISK_SLOTTED,
		.name = "sdb",
		.devnum = makedev(8, 16),
		.slot = 7,
		.serial = "a\\x20b",
	};
	const struct partition partition = { 1, .name = "sdb1", .devnum = makedev(8, 17) };

	assert_int_equal(disk_users_find(fixture->procfd, fixture->sysfd, NULL, 77, &disk,
				 &partition, 1, fixture->users, USERS_MAX, &fixture->count),
		0);
}

static void assert_holder(struct fixture *fixture, const char *device, const char *what)
{
	find(fixture);
	assert_int_equal(fixture->count, 1);
	assert_string_equal(fixture->users[0].kind, "holder");
	assert_string_equal(fixture->users[0].device, device);
	assert_string_equal(fixture->users[0].what, what);
	assert_int_equal(fixture->users[0].pid, 0);
}

static void assert_unused(struct fixture *fixture)
{
	find(fixture);
	assert_int_equal(fixture->count, 0);
}

static void test_an_nvme_target_is_a_holder_once_it_is_enabled(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, NAMESPACE, "device_path", "/dev/sdb\n");
	put_attribute(fixture, NAMESPACE, "enable", "0\n");
	assert_unused(fixture);
	put_attribute(fixture, NAMESPACE, "enable", "1\n");
	assert_holder(fixture, "sdb", NAMESPACE);
	put_attribute(fixture, NAMESPACE, "device_path", "/dev/sdc\n");
	assert_unused(fixture);
}

/* Older kernels do not tell whether it is enabled. */
static void test_a_scsi_target_with_a_file_is_a_holder_unless_it_is_not_enabled(void **state)
{
	struct fixture *fixture = *state;

	put_fileio(fixture, "/dev/sdb1");
	assert_holder(fixture, "sdb1", FILEIO);
	put_attribute(fixture, FILEIO, "enable", "1\n");
	assert_holder(fixture, "sdb1", FILEIO);
	put_attribute(fixture, FILEIO, "enable", "0\n");
	assert_unused(fixture);
}

static void test_a_scsi_target_with_a_file_system_s_file_is_none(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX];

	put_text(&fixture->tree, "images/sdb", "");
	snprintf(path, sizeof(path), "%s/images/sdb", fixture->tree.path);
	put_fileio(fixture, path);
	assert_unused(fixture);
	put_fileio(fixture, "/images/gone");
	assert_unused(fixture);
}

static void test_a_scsi_target_is_a_holder_by_number(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, IBLOCK, "info", IBLOCK_INFO);
	put_attribute(fixture, IBLOCK, "udev_path", "/dev/else\n");
	assert_holder(fixture, "sdb1", IBLOCK);
	put_attribute(fixture, IBLOCK, "info", "        Major: 0 Minor: 0\n");
	assert_unused(fixture);
}

static void test_a_usb_gadget_is_a_holder(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, GADGET, "file", "\n");
	assert_unused(fixture);
	put_attribute(fixture, GADGET, "file", "/dev/sdb\n");
	assert_holder(fixture, "sdb", GADGET);
}

static void test_a_heartbeat_is_a_holder(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, "cluster/c", "heartbeat/dead_threshold", "31\n");
	put_attribute(fixture, "cluster/c/heartbeat/AB12", "dev", "sdb1\n");
	assert_holder(fixture, "sdb1", "cluster/c/heartbeat/AB12");
}

static void test_a_node_of_another_name_is_looked_up(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX];

	if (mknodat(fixture->tree.fd, "node", S_IFBLK | 0600, makedev(8, 17)) < 0)
		skip();
	snprintf(path, sizeof(path), "%s/node", fixture->tree.path);
	put_fileio(fixture, path);
	assert_holder(fixture, "sdb1", FILEIO);
}

static void put_namespace(struct fixture *fixture, const char *path)
{
	char line[PATH_MAX];

	snprintf(line, sizeof(line), "%s\n", path);
	put_attribute(fixture, NAMESPACE, "device_path", line);
	put_attribute(fixture, NAMESPACE, "enable", "1\n");
}

/* As when a second disk of that serial has come since. */
static void test_a_link_of_ours_that_is_gone_is_of_who_has_that_serial_or_slot(void **state)
{
	static const char *const paths[][2] = {
		{ "/nodev/disk/by-serial/a\\x20b", "sdb" },
		{ "/nodev/disk/by-serial/a\\x20b-part1", "sdb1" },
		{ "/nodev/disk/by-serial/a\\x20b-part9", "sdb" },
		{ "/disk/by-id/x/nodev//disk//by-serial/a\\x20b", "sdb" },
		{ "/nodev/disk/by-slot/7", "sdb" },
		{ "/nodev/disk/by-slot/7-part1", "sdb1" },
		{ "nodev/disk/by-slot/7", "sdb" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		put_namespace(*state, paths[i][0]);
		assert_holder(*state, paths[i][1], NAMESPACE);
	}
}

static void test_a_link_that_is_gone_is_of_no_other_disk(void **state)
{
	static const char *const paths[] = {
		"/nodev/disk/by-serial/a",
		"/nodev/disk/by-serial/a\\x20bc",
		"/nodev/disk/by-serial/a\\x20b-part",
		"/nodev/disk/by-serial/a\\x20b-part1x",
		"/nodev/disk/by-serial/7",
		"/nodev/disk/by-slot/70",
		"/nodev/disk/by-slot/a\\x20b",
		"/nodev/disk/by-id/7",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		put_namespace(*state, paths[i]);
		assert_unused(*state);
	}
}

static void test_a_link_that_leads_to_one_that_is_gone_is_followed(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX];

	put_link(&fixture->tree, "link", "/nodev/disk/by-slot/7-part1");
	snprintf(path, sizeof(path), "%s/link", fixture->tree.path);
	put_namespace(fixture, path);
	assert_holder(fixture, "sdb1", NAMESPACE);
	put_link(&fixture->tree, "circle", "circle");
	put_link(&fixture->tree, "other", "/nodev/disk/by-slot/8");
	snprintf(path, sizeof(path), "%s/circle", fixture->tree.path);
	put_namespace(fixture, path);
	assert_unused(fixture);
	snprintf(path, sizeof(path), "%s/other", fixture->tree.path);
	put_namespace(fixture, path);
	assert_unused(fixture);
}

/* Then it is another disk's. */
static void test_a_link_that_is_there_is_of_whom_it_leads_to(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX];

	put_link(&fixture->tree, "dev/disk/by-slot/7", "/dev/null");
	snprintf(path, sizeof(path), "%s/dev/disk/by-slot/7", fixture->tree.path);
	put_namespace(fixture, path);
	assert_unused(fixture);
}

static void test_a_node_that_is_gone_is_known_by_its_name(void **state)
{
	struct fixture *fixture = *state;

	put_namespace(fixture, "/nodev/nodes/sdb");
	assert_holder(fixture, "sdb", NAMESPACE);
	put_namespace(fixture, "/nodev/nodes/sdb1 (deleted)");
	assert_holder(fixture, "sdb1", NAMESPACE);
	put_namespace(fixture, "/dev/sdb (deleted)");
	assert_holder(fixture, "sdb", NAMESPACE);
	put_namespace(fixture, "/nodev/nodes/sdb2");
	assert_unused(fixture);
}

/* In none of ours, and in two others: they are named once. */
static void test_configfs_is_found_in_any_namespace(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, GADGET, "file", "/dev/sdb\n");
	put_text(&fixture->tree, "proc/self/mountinfo", "");
	assert_unused(fixture);
	put_mount(fixture, "40", "/nvmet"); /* a part of it */
	assert_unused(fixture);
	put_mount(fixture, "41", "/");
	put_mount(fixture, "42", "/");
	assert_holder(fixture, "sdb", GADGET);
}

static bool can_mount_configfs(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "configfs", FSOPEN_CLOEXEC);
	_cleanup_close_ int mount = -1;

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return false;
	mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return mount >= 0;
}

/* A kernel without configfs, or no privilege, is as good as one before Linux 5.2. */
static void test_others_mounts_of_configfs_are_for_who_cannot_mount_it(void **state)
{
	struct fixture *fixture = *state;

	put_text(&fixture->tree, "proc/filesystems", "nodev\tconfigfs\n");
	put_attribute(fixture, GADGET, "file", "/dev/sdb\n");
	if (can_mount_configfs())
		assert_unused(fixture);
	else
		assert_holder(fixture, "sdb", GADGET);
}

static void test_what_is_mounted_over_configfs_is_not_believed(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, GADGET, "file", "/dev/sdb\n");
	put_text(&fixture->tree, "proc/self/mountinfo", "36 1 0:9999 / /cfg rw - configfs c rw\n");
	assert_unused(fixture);
}

static void test_nonsense_is_none(void **state)
{
	struct fixture *fixture = *state;

	put_attribute(fixture, FILEIO, "info", " File: ");
	put_attribute(fixture, IBLOCK, "info", " Major: 8");
	put_text(&fixture->tree, "cfg/usb_gadget/g/functions", "no directory");
	put_attribute(fixture, NAMESPACE, "device_path/x", "a directory");
	assert_unused(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_an_nvme_target_is_a_holder_once_it_is_enabled),
		TEST(test_a_scsi_target_with_a_file_is_a_holder_unless_it_is_not_enabled),
		TEST(test_a_scsi_target_with_a_file_system_s_file_is_none),
		TEST(test_a_scsi_target_is_a_holder_by_number),
		TEST(test_a_usb_gadget_is_a_holder),
		TEST(test_a_heartbeat_is_a_holder),
		TEST(test_a_node_of_another_name_is_looked_up),
		TEST(test_a_link_of_ours_that_is_gone_is_of_who_has_that_serial_or_slot),
		TEST(test_a_link_that_is_gone_is_of_no_other_disk),
		TEST(test_a_link_that_leads_to_one_that_is_gone_is_followed),
		TEST(test_a_link_that_is_there_is_of_whom_it_leads_to),
		TEST(test_a_node_that_is_gone_is_known_by_its_name),
		TEST(test_configfs_is_found_in_any_namespace),
		TEST(test_others_mounts_of_configfs_are_for_who_cannot_mount_it),
		TEST(test_what_is_mounted_over_configfs_is_not_believed),
		TEST(test_nonsense_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
