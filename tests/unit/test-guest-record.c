/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record as the library takes it from a guest that it does not trust. */
#include "test.h"

/* By its path: the agent has a record.h, too. */
#include "../../host-shim/lib/record.h"

static const char good[] =
	"{\"place\":259,\"slot\":259,\"target\":1,\"lun\":3,\"serial\":\"s\\\\x20t\","
	"\"conflict\":false,\"name\":\"sda\",\"devnum\":\"8:0\",\"diskseq\":9,\"size\":1048576,"
	"\"block-size\":512,\"read-only\":true,\"state\":\"present\","
	"\"links\":[\"/dev/disk/by-slot/259\",\"/dev/disk/by-serial/s\\\\x20t\"],"
	"\"contents\":{\"state\":\"known\",\"table\":\"gpt\"},"
	"\"partitions\":[{\"number\":2,\"name\":\"sda2\",\"devnum\":\"8:2\",\"start\":512,"
	"\"size\":1024,\"links\":[\"/dev/disk/by-slot/259-part2\"],"
	"\"contents\":{\"state\":\"known\",\"type\":\"ext4\",\"label\":\"L\"}}]}";

/* The good record with these members in the place of its own. */
static json_t *make_record(const char *members)
{
	json_t *record = json_loads(good, 0, NULL), *other = json_loads(members, 0, NULL);

	assert_non_null(record);
	assert_non_null(other);
	json_object_update(record, other);
	json_decref(other);
	return record;
}

static void check_result(const char *members, int expected)
{
	json_t *json = make_record(members);
	struct record *record = NULL;

	print_message("%s\n", members);
	assert_int_equal(record_from_json(json, &record), expected);
	assert_int_equal(record == NULL, expected < 0);
	record_free(record);
	json_decref(json);
}

static void test_a_record_is_taken_whole(void **state)
{
	json_t *json = make_record("{}");
	struct record *record = NULL;
	const struct hotslot_disk *disk;

	(void)state;
	assert_int_equal(record_from_json(json, &record), 0);
	json_decref(json); /* the record keeps copies */
	disk = &record->disk;
	assert_int_equal(record->place, 259);
	assert_int_equal(disk->slot, 259);
	assert_string_equal(disk->device, "/dev/sdiz");
	assert_true(disk->visible && !disk->attached && disk->read_only);
	assert_string_equal(disk->serial, "s\\x20t");
	assert_string_equal(disk->by_slot, "/dev/disk/by-slot/259");
	assert_string_equal(disk->by_serial, "/dev/disk/by-serial/s\\x20t");
	assert_string_equal(disk->table, "gpt");
	assert_null(disk->label);
	assert_int_equal(disk->n_partitions, 1);
	assert_string_equal(disk->partitions[0].by_slot, "/dev/disk/by-slot/259-part2");
	assert_null(disk->partitions[0].by_serial);
	assert_string_equal(disk->partitions[0].label, "L");
	record_free(record);
}

static void test_what_may_be_otherwise_may(void **state)
{
	static const char *const members[] = {
		"{\"serial\":null}",
		"{\"links\":[]}",
		"{\"partitions\":[]}",
		"{\"contents\":{\"state\":\"pending\"}}",
		"{\"contents\":{\"state\":\"unknown\",\"label\":null,\"future\":7}}",
		"{\"state\":\"released\",\"conflict\":true,\"size\":0}",
		"{\"future\":{\"a\":[]}}",
		"{\"times\":{}}",
		"{\"times\":{\"kernel\":null,\"link\":0,\"future\":-1}}",
		"{\"times\":{\"expected\":9223372036854775807,\"report\":1}}",
		/* 65536 + 16384 * 2 + 256 */
		"{\"place\":98560,\"slot\":null,\"target\":2,\"lun\":256}",
		"{\"place\":65279,\"slot\":65279,\"target\":254,\"lun\":255}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		check_result(members[i], 0);
}

static void test_slot_and_place_follow_from_the_address(void **state)
{
	static const char *const members[] = {
		"{\"slot\":258}",
		"{\"slot\":null}",
		"{\"slot\":\"259\"}",
		"{\"place\":258}",
		"{\"place\":null}",
		"{\"target\":0}",
		"{\"target\":256}",
		"{\"target\":-1}",
		"{\"lun\":16384}",
		"{\"lun\":3.0}",
		"{\"place\":98560,\"slot\":512,\"target\":2,\"lun\":256}",
		"{\"place\":98560,\"slot\":98560,\"target\":2,\"lun\":256}",
		"{\"place\":65280,\"slot\":65280,\"target\":255,\"lun\":0}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		check_result(members[i], -EBADMSG);
}

static void test_a_member_of_the_wrong_kind_spoils_the_record(void **state)
{
	static const char *const members[] = {
		"{\"serial\":7}",
		"{\"serial\":\"\"}",
		"{\"serial\":\"a b\"}",
		"{\"serial\":\"a/b\"}",
		"{\"serial\":\"..\"}",
		"{\"serial\":\"\\\\x2\"}",
		"{\"serial\":\"\\\\x41\"}", /* it is A, and has one name only */
		"{\"serial\":\"a-part1\"}",
		"{\"conflict\":0}",
		"{\"name\":null}",
		"{\"name\":\"sda\\u0007\"}",
		"{\"devnum\":8}",
		"{\"diskseq\":-1}",
		"{\"size\":-1}",
		"{\"size\":\"1\"}",
		"{\"block-size\":4294967296}",
		"{\"read-only\":null}",
		"{\"state\":\"gone\"}",
		"{\"links\":null}",
		"{\"links\":{}}",
		"{\"links\":[7]}",
		"{\"contents\":null}",
		"{\"contents\":{}}",
		"{\"contents\":{\"state\":\"guessed\"}}",
		"{\"contents\":{\"state\":\"known\",\"label\":7}}",
		"{\"contents\":{\"state\":\"known\",\"label\":\"\\u001b[2J\"}}",
		"{\"partitions\":null}",
		"{\"partitions\":[7]}",
		"{\"partitions\":[{}]}",
		"{\"partitions\":[{\"number\":256}]}",
		"{\"times\":null}",
		"{\"times\":[]}",
		"{\"times\":{\"expected\":-1}}",
		"{\"times\":{\"kernel\":\"1\"}}",
		"{\"times\":{\"udev\":1.5}}",
		"{\"times\":{\"link\":true}}",
		"{\"times\":{\"report\":{}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		check_result(members[i], -EBADMSG);
}

static void test_more_partitions_than_a_disk_can_have_are_refused(void **state)
{
	static const char partition[] = "{\"number\":1,\"name\":\"a\",\"devnum\":\"b\",\"start\":0,"
					"\"size\":0,\"links\":[],\"contents\":{}}";
	const int max = 255;

	(void)state;
	for (int n = max; n <= max + 1; n++) {
		json_t *json = make_record("{}"), *partitions = json_array();
		struct record *record = NULL;

		for (int i = 0; i < n; i++)
			json_array_append_new(partitions, json_loads(partition, 0, NULL));
		json_object_set_new(json, "partitions", partitions);
		assert_int_equal(record_from_json(json, &record), n > max ? -EBADMSG : 0);
		record_free(record);
		json_decref(json);
	}
}

static void test_only_links_to_this_disk_count(void **state)
{
	static const char *const links[] = {
		"[\"/$(reboot)/by-slot/259\"]",
		"[\"/`x`;/by-slot/259\"]",
		"[\"/dev/'disk'/by-slot/259\"]",
		"[\"/dev/disk/by-slot/25\"]",
		"[\"/dev/disk/by-slot/2590\"]",
		"[\"/dev/disk/by-slot/259-part1\"]",
		"[\"/dev/disk/slot/259\"]",
		"[\"/dev/disk/my-by-slot/259\"]",
		"[\"dev/disk/by-slot/259\"]",
		"[\"by-slot/259\"]",
		"[\"/by-slot\"]",
		"[\"/dev/../disk/by-slot/259\"]",
		"[\"/dev/a b/by-slot/259\"]",
		"[\"\"]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		json_t *json = make_record("{}");
		struct record *record;

		print_message("%s\n", links[i]);
		json_object_set_new(json, "links", json_loads(links[i], 0, NULL));
		assert_int_equal(record_from_json(json, &record), 0);
		assert_null(record->disk.by_slot);
		assert_null(record->disk.by_serial);
		record_free(record);
		json_decref(json);
	}
}

/* The record as the guest gives it, with the host's disk added to it. */
static struct record *make_both(const char *serial, const struct xml_disk *host)
{
	json_t *json = make_record("{}");
	struct record *record = NULL;

	json_object_set_new(json, "serial", serial ? json_string(serial) : json_null());
	assert_int_equal(record_from_json(json, &record), 0);
	json_decref(json);
	assert_int_equal(record_add_host(record, host), 0);
	return record;
}

#define LONG_SERIAL "0123456789012345678901234567890123456789"
#define CUT_SERIAL "012345678901234567890123456789012345"
#define OURS "ua-hotslot-x"

static void test_a_serial_is_the_hosts_as_qemu_delivers_it(void **state)
{
	static const struct {
		const char *alias, *host, *guest;
		bool passthrough, mismatch;
	} cases[] = {
		{ OURS, "s", "s", false, false },
		{ OURS, "s", "S", false, true },
		{ OURS, "s", NULL, false, true },
		/* QEMU has none of its own. */
		{ OURS, NULL, "s", false, true },
		{ OURS, NULL, NULL, false, false },
		{ OURS, NULL, "s", true, false },
		{ OURS, "s", "t", true, false },
		/* Adopted. */
		{ OURS, LONG_SERIAL, CUT_SERIAL, false, false },
		{ OURS, "a b", "a\\x5c\\x20b", false, false },
		{ OURS, "a b", "ab", false, true },
		{ "ua-x", LONG_SERIAL, CUT_SERIAL, false, false },
		{ "ua-x", LONG_SERIAL, LONG_SERIAL, false, false },
		{ "ua-x", LONG_SERIAL, "01234567890123456789012345678901234", false, true },
		{ "ua-x", "a b", "a\\x5c\\x20b", false, false },
		{ "ua-x", "a b", "a\\x20b", false, false },
		{ "ua-x", "a b", "ab", false, true },
		{ "scsi0-0-0-0", "", "s", false, true },
		{ "scsi0-0-0-0", "", NULL, false, false },
		/* The cut is between backslash and blank. */
		{ NULL, "01234567890123456789012345678901234 x",
			"01234567890123456789012345678901234\\x5c", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xml_disk host = { .alias = (char *)cases[i].alias,
			.serial = (char *)cases[i].host,
			.passthrough = cases[i].passthrough };
		struct record *record = make_both(cases[i].guest, &host);

		assert_int_equal(record->disk.mismatch, cases[i].mismatch);
		record_free(record);
	}
}

static void test_a_disk_of_two_serials_has_no_link_by_one(void **state)
{
	struct xml_disk host = { .alias = (char *)OURS, .serial = (char *)"other" };
	struct record *record = make_both("s\\x20t", &host);

	(void)state;
	assert_true(record->disk.mismatch);
	assert_string_equal(record->disk.serial, "s\\x20t");
	assert_string_equal(record->host_serial, "other");
	assert_string_equal(record->disk.by_slot, "/dev/disk/by-slot/259");
	assert_null(record->disk.by_serial);
	record_free(record);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_taken_whole),
		cmocka_unit_test(test_what_may_be_otherwise_may),
		cmocka_unit_test(test_slot_and_place_follow_from_the_address),
		cmocka_unit_test(test_a_member_of_the_wrong_kind_spoils_the_record),
		cmocka_unit_test(test_more_partitions_than_a_disk_can_have_are_refused),
		cmocka_unit_test(test_only_links_to_this_disk_count),
		cmocka_unit_test(test_a_serial_is_the_hosts_as_qemu_delivers_it),
		cmocka_unit_test(test_a_disk_of_two_serials_has_no_link_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
