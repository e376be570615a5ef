/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/record.h: a disk's record as JSON. */
#include "test.h"

#include <sys/sysmacros.h>

#include "record.h"

static void check_json(const struct disk *disk, const char *expected)
{
	json_t *object = disk_to_json(disk);
	_cleanup_free_ char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, expected);
	json_decref(object);
}

static void test_a_record_as_json(void **state)
{
	struct disk disk = {
		.status = DISK_SLOTTED,
		.name = "sda",
		.devnum = makedev(8, 0),
		.diskseq = 9,
		.target = 1,
		.lun = 3,
		.slot = 259,
		.size = 4194304,
		.block_size = 512,
		.serial = "vol\\x207",
	};

	(void)state;
	check_json(&disk, "{\"block-size\":512,\"devnum\":\"8:0\",\"diskseq\":9,\"lun\":3,"
			  "\"name\":\"sda\",\"place\":259,\"read-only\":false,"
			  "\"serial\":\"vol\\\\x207\",\"size\":4194304,\"slot\":259,\"target\":1}");
}

static void test_a_record_without_slot_and_serial_as_json(void **state)
{
	struct disk disk = {
		.status = DISK_UNSLOTTED,
		.name = "sdb",
		.devnum = makedev(8, 16),
		.diskseq = 10,
		.target = 2,
		.lun = 256,
		.size = 4194304,
		.block_size = 512,
		.read_only = true,
	};

	(void)state;
	/* 65536 + 16384 * 2 + 256 */
	check_json(&disk, "{\"block-size\":512,\"devnum\":\"8:16\",\"diskseq\":10,\"lun\":256,"
			  "\"name\":\"sdb\",\"place\":98560,\"read-only\":true,"
			  "\"serial\":null,\"size\":4194304,\"slot\":null,\"target\":2}");
}

static void test_disks_sort_by_place(void **state)
{
	struct disk last = { .status = DISK_SLOTTED, .slot = SLOT_MAX };
	struct disk first = { .status = DISK_UNSLOTTED, .target = 0, .lun = 256 };
	struct disk second = { .status = DISK_UNSLOTTED, .target = 1, .lun = 256 };

	(void)state;
	assert_true(disk_place(&last) < disk_place(&first));
	assert_true(disk_place(&first) < disk_place(&second));
}

static void test_a_status_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(disk_status_name(DISK_SLOTTED), "slotted");
	assert_string_equal(disk_status_name(DISK_UNSLOTTED), "unslotted");
	assert_string_equal(disk_status_name(DISK_SYSTEM), "system");
	assert_string_equal(disk_status_name(DISK_FOREIGN), "foreign");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_as_json),
		cmocka_unit_test(test_a_record_without_slot_and_serial_as_json),
		cmocka_unit_test(test_disks_sort_by_place),
		cmocka_unit_test(test_a_status_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
