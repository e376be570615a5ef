/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/disk-print.h: what hotslot-id says. */
#include "test.h"

#include "disk-print.h"
#include "identity.h"
#include "record.h"

static const struct disk slotted = {
	.status = DISK_SLOTTED,
	.name = "sda",
	.controller = "0000:00:03.0",
	.devnum = 0x800, /* 8:0 */
	.diskseq = 9,
	.target = 1,
	.lun = 3,
	.slot = 259,
	.size = 4194304,
	.block_size = 512,
	.serial = "vol\\x207",
};

static const struct disk unslotted = {
	.status = DISK_UNSLOTTED,
	.name = "sdb",
	.controller = "0000:00:03.0",
	.devnum = 0x810, /* 8:16 */
	.diskseq = UINT64_MAX / 2,
	.target = 2,
	.lun = 256,
	.size = 4194304,
	.block_size = 4096,
	.read_only = true,
};

static const struct disk foreign = { .status = DISK_FOREIGN, .name = "sd\"c" };

static char *said(const struct disk *disk, enum disk_format format, bool claimed)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(disk_print(out, disk, format, claimed), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check_said(const struct disk *disk, enum disk_format format, const char *expected)
{
	_cleanup_free_ char *text = said(disk, format, false);

	assert_string_equal(text, expected);
}

static void test_properties_are_for_udev(void **state)
{
	_cleanup_free_ char *text = said(&slotted, DISK_AS_PROPERTIES, true);

	(void)state;
	assert_string_equal(text, "HOTSLOT_STATUS=slotted\nHOTSLOT_SLOT=259\n"
				  "HOTSLOT_CONTROLLER=0000:00:03.0\nHOTSLOT_TARGET=1\n"
				  "HOTSLOT_LUN=3\nHOTSLOT_SERIAL=vol\\x207\n"
				  "HOTSLOT_BY_SERIAL=1\n");
	check_said(&unslotted, DISK_AS_PROPERTIES,
		"HOTSLOT_STATUS=unslotted\nHOTSLOT_CONTROLLER=0000:00:03.0\n"
		"HOTSLOT_TARGET=2\nHOTSLOT_LUN=256\n");
	check_said(&foreign, DISK_AS_PROPERTIES, "HOTSLOT_STATUS=foreign\n");
}

static void test_text_is_for_a_person(void **state)
{
	(void)state;
	check_said(&slotted, DISK_AS_TEXT,
		"sda: slot 259\n  controller  0000:00:03.0\n  address     target 1, LUN 3\n"
		"  serial      vol\\x207\n  size        4194304 bytes, blocks of 512\n"
		"  read-only   no\n  device      8:0, disk sequence number 9\n");
	check_said(&foreign, DISK_AS_TEXT, "sd\"c: not on the managed controller\n");
}

/* In the same words as the agent, whose writer is a library's. */
static void check_json(const struct disk *disk, json_t *expected)
{
	_cleanup_free_ char *text = said(disk, DISK_AS_JSON, false);
	json_error_t error;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	assert_non_null(object);
	json_object_set_new(expected, "status", json_string(disk_status_name(disk->status)));
	assert_true(json_equal(object, expected));
	json_decref(object);
	json_decref(expected);
}

static void test_json_is_that_of_the_agent(void **state)
{
	(void)state;
	check_json(&slotted, disk_to_json(&slotted));
	check_json(&unslotted, disk_to_json(&unslotted));
	check_json(&foreign, json_pack("{s:s}", "name", foreign.name));
}

static void test_what_is_not_written_is_an_error(void **state)
{
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(disk_print(out, &slotted, DISK_AS_JSON, false), -ENOSPC);
	fclose(out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_properties_are_for_udev),
		cmocka_unit_test(test_text_is_for_a_person),
		cmocka_unit_test(test_json_is_that_of_the_agent),
		cmocka_unit_test(test_what_is_not_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
