/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts that name a disk. */
#include "test.h"

#include "encode.h"
#include "hotslot.h"
#include "reference.h"
#include "slot.h"

struct good {
	const char *text;
	enum reference_kind kind;
	unsigned slot, partition;
	const char *value;
};

static const struct good good[] = {
	{ "0", REFERENCE_SLOT, 0, 0, NULL }, { "65279", REFERENCE_SLOT, 65279, 0, NULL },
	{ "007", REFERENCE_SLOT, 7, 0, NULL }, { "/dev/sda", REFERENCE_SLOT, 0, 0, NULL },
	{ "/dev/sdz", REFERENCE_SLOT, 25, 0, NULL }, { "/dev/sdaa", REFERENCE_SLOT, 26, 0, NULL },
	{ "/dev/sdaz", REFERENCE_SLOT, 51, 0, NULL }, { "/dev/sdba", REFERENCE_SLOT, 52, 0, NULL },
	{ "/dev/sdzz", REFERENCE_SLOT, 701, 0, NULL },
	{ "/dev/sdaaa", REFERENCE_SLOT, 702, 0, NULL },
	{ "/dev/sdcrnt", REFERENCE_SLOT, 65279, 0, NULL },
	{ "/dev/sdb3", REFERENCE_SLOT, 1, 3, NULL },
	{ "/dev/sdaa255", REFERENCE_SLOT, 26, 255, NULL },
	{ "/dev/disk/by-slot/0", REFERENCE_SLOT, 0, 0, NULL },
	{ "/dev/disk/by-slot/3", REFERENCE_SLOT, 3, 0, NULL },
	{ "/dev/disk/by-slot/65279-part255", REFERENCE_SLOT, 65279, 255, NULL },
	{ "serial:vol-7", REFERENCE_SERIAL, 0, 0, "vol-7" },
	{ "serial:a b", REFERENCE_SERIAL, 0, 0, "a\\x20b" },
	{ "serial:a\\x20b", REFERENCE_SERIAL, 0, 0, "a\\x20b" },
	{ "serial:\\x41", REFERENCE_SERIAL, 0, 0, "\\x5cx41" }, /* A has no such name */
	{ "serial:..", REFERENCE_SERIAL, 0, 0, "\\x2e." },
	{ "serial:a/b", REFERENCE_SERIAL, 0, 0, "a\\x2fb" },
	{ "serial:a-part1", REFERENCE_SERIAL, 0, 0, "a\\x2dpart1" },
	{ "serial:serial:x", REFERENCE_SERIAL, 0, 0, "serial\\x3ax" },
	{ "serial:\xff", REFERENCE_SERIAL, 0, 0, "\\xff" },
	{ "/dev/disk/by-serial/vol-7", REFERENCE_SERIAL, 0, 0, "vol-7" },
	{ "/dev/disk/by-serial/7", REFERENCE_SERIAL, 0, 0, "7" },
	{ "/dev/disk/by-serial/a\\x20b", REFERENCE_SERIAL, 0, 0, "a\\x20b" },
	{ "/dev/disk/by-serial/vol-7-part2", REFERENCE_SERIAL, 0, 2, "vol-7" },
	{ "/dev/disk/by-serial/a\\x2dpart1-part2", REFERENCE_SERIAL, 0, 2, "a\\x2dpart1" },
	{ "/dev/disk/by-serial/a\\x2dpart1", REFERENCE_SERIAL, 0, 0, "a\\x2dpart1" },
	{ "/dev/disk/by-serial/a-part", REFERENCE_SERIAL, 0, 0, "a-part" },
	{ "/dev/disk/by-serial/part3", REFERENCE_SERIAL, 0, 0, "part3" },
	{ "alias:ua-hotslot-x", REFERENCE_ALIAS, 0, 0, "ua-hotslot-x" },
	{ "alias:scsi0-0-0-3", REFERENCE_ALIAS, 0, 0, "scsi0-0-0-3" },
	{ "id:data_1", REFERENCE_ID, 0, 0, "data_1" }, { "id:id:x", REFERENCE_ID, 0, 0, "id:x" },
	{ "volume:3f2504e0-4f89", REFERENCE_VOLUME, 0, 0, "3f2504e0-4f89" },
	{ "volume:a b", REFERENCE_VOLUME, 0, 0, "a b" }, /* its serial alone is encoded */
};

static void test_every_form_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_reference_ struct reference reference = {};
		struct hotslot_error error = {};

		print_message("%s\n", good[i].text);
		assert_int_equal(reference_parse(good[i].text, &reference, &error), 0);
		assert_int_equal(reference.kind, good[i].kind);
		assert_int_equal(reference.slot, good[i].slot);
		assert_int_equal(reference.partition, good[i].partition);
		assert_int_equal(reference.value == NULL, good[i].value == NULL);
		if (good[i].value)
			assert_string_equal(reference.value, good[i].value);
	}
}

#define UNKNOWN \
	"is no disk: use a slot from 0 to 65279, /dev/sdX, serial:S, alias:A, id:I, volume:V"

static const struct {
	const char *text, *message;
} bad[] = {
	{ "", "'' " UNKNOWN },
	{ "three", "'three' " UNKNOWN },
	{ "3x", "'3x' " UNKNOWN },
	{ " 3", "' 3' " UNKNOWN },
	{ "-1", "'-1' " UNKNOWN },
	{ "+1", "'+1' " UNKNOWN },
	{ "3-part1", "'3-part1' " UNKNOWN },
	{ "65280", "slot 65280: slots are 0 to 65279" },
	{ "99999999999999999999", "slot 99999999999999999999: slots are 0 to 65279" },
	{ "sda", "'sda' " UNKNOWN },
	{ "/dev/sd", UNKNOWN },
	{ "/dev/sd1", UNKNOWN },
	{ "/dev/sdA", UNKNOWN },
	{ "/dev/sda1b", UNKNOWN },
	{ "/dev/sda-1", UNKNOWN },
	{ "/dev/vda", UNKNOWN },
	{ "/dev/sdcrnu", "'/dev/sdcrnu' is beyond the last slot: slots are 0 to 65279" },
	{ "/dev/sdzzzzzzzzzzzzzzzzzzzzzzzz", "is beyond the last slot" },
	{ "/dev/sda0", "'/dev/sda0' names no partition: partitions are 1 to 255" },
	{ "/dev/sda01", "names no partition" },
	{ "/dev/sda256", "names no partition" },
	{ "/dev/disk/by-slot/", UNKNOWN },
	{ "/dev/disk/by-slot/03", UNKNOWN },
	{ "/dev/disk/by-slot/x", UNKNOWN },
	{ "/dev/disk/by-slot/3-part", UNKNOWN },
	{ "/dev/disk/by-slot/-part3", UNKNOWN },
	{ "/dev/disk/by-slot/3-part1-part1", UNKNOWN },
	{ "/dev/disk/by-slot/3/", UNKNOWN },
	{ "/dev/disk/by-slot/65280", "is beyond the last slot" },
	{ "/dev/disk/by-slot/65280-part1", "is beyond the last slot" },
	{ "/dev/disk/by-slot/3-part0", "names no partition" },
	{ "/dev/disk/by-slot/3-part256", "names no partition" },
	{ "/dev/disk/by-slot/3-part99999999999999999999", "names no partition" },
	{ "/dev/disk/by-serial/", UNKNOWN },
	{ "/dev/disk/by-serial/a b", UNKNOWN },
	{ "/dev/disk/by-serial/a/b", UNKNOWN },
	{ "/dev/disk/by-serial/..", UNKNOWN },
	{ "/dev/disk/by-serial/\\x41", UNKNOWN },
	{ "/dev/disk/by-serial/\\x2", UNKNOWN },
	{ "/dev/disk/by-serial/a-part1-part1", UNKNOWN },
	{ "/dev/disk/by-serial/a-part0", "names no partition" },
	{ "/dev/disk/by-id/x", UNKNOWN },
	{ "serial:", UNKNOWN },
	{ "alias:", UNKNOWN },
	{ "id:", UNKNOWN },
	{ "volume:", UNKNOWN },
	{ "Serial:x", UNKNOWN },
	{ "uuid:x", UNKNOWN },
};

static void test_what_is_wrong_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct reference reference;
		struct hotslot_error error = {};

		assert_int_equal(reference_parse(bad[i].text, &reference, &error), -EINVAL);
		print_message("%s\n", error.message);
		assert_int_equal(error.code, HOTSLOT_ERROR_INVALID);
		assert_non_null(strstr(error.message, bad[i].message));
		assert_non_null(strstr(error.message, bad[i].text));
	}
}

static void test_a_partition_is_no_disk(void **state)
{
	static const char *const messages[][2] = {
		{ "/dev/sdd2", "names partition 2 of the disk in slot 3; name the disk" },
		{ "/dev/disk/by-serial/v-part2",
			"names partition 2 of the disk with serial v; name the disk" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		struct reference reference;
		struct hotslot_error error = {};

		assert_int_equal(reference_parse_disk(messages[i][0], &reference, &error), -EINVAL);
		assert_non_null(strstr(error.message, messages[i][1]));
	}
}

static void test_a_slot_has_three_forms(void **state)
{
	static const char *const others[] = { "", "three", "65280", "/dev/sdd1", "serial:3",
		"/dev/disk/by-serial/3", "/dev/disk/by-slot/3-part1", "id:slot-3" };
	static const char *const slots[] = { "3", "/dev/sdd", "/dev/disk/by-slot/3" };
	int slot;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		slot = -1;
		assert_int_equal(hotslot_slot_parse(slots[i], &slot, NULL), 0);
		assert_int_equal(slot, 3);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct hotslot_error error;

		assert_int_equal(hotslot_slot_parse(others[i], &slot, &error), -EINVAL);
		print_message("%s\n", error.message);
		assert_int_equal(error.code, HOTSLOT_ERROR_INVALID);
		assert_non_null(strstr(error.message, others[i]));
	}
}

/* No two slots have one device, and each device is that slot. */
static void test_each_slot_has_one_device(void **state)
{
	(void)state;
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		_cleanup_reference_ struct reference reference = {};
		struct hotslot_error error = {};
		char device[REFERENCE_DEVICE_SIZE + 3];

		reference_format_device(slot, device, REFERENCE_DEVICE_SIZE);
		if (slot % 2)
			strcat(device, "255");
		assert_int_equal(reference_parse(device, &reference, &error), 0);
		assert_int_equal(reference.slot, slot);
		assert_int_equal(reference.partition, slot % 2 ? 255 : 0);
	}
}

static void test_a_device_of_any_number_fits(void **state)
{
	char device[REFERENCE_DEVICE_SIZE];

	(void)state;
	reference_format_device(UINT32_MAX, device, sizeof(device));
	assert_string_equal(device, "/dev/sdmwlqkwv");
}

/* Characters that forms are made of, and a few that are in none. */
static char random_character(void)
{
	static const char alphabet[] = "/devsdisk/by-slot/by-serial/-part0123456789\\x2d:id. %\xff";

	return alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
}

static void fill(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = random_character();
	text[length] = '\0';
}

#define ROUNDS 200000
#define LONGEST 24

static void check_value(const char *text, const char *value, unsigned partition)
{
	_cleanup_reference_ struct reference reference = {};
	struct hotslot_error error = {};

	if (reference_parse(text, &reference, &error) < 0)
		fail_msg("%s: %s", text, error.message);
	assert_int_equal(reference.kind, REFERENCE_SERIAL);
	assert_string_equal(reference.value, value);
	assert_int_equal(reference.partition, partition);
}

static void test_the_links_of_any_serial_name_it(void **state)
{
	(void)state;
	srandom(7);
	for (int i = 0; i < ROUNDS; i++) {
		char serial[LONGEST + 1], name[4 * LONGEST + 1], text[8 * LONGEST], *end;

		fill(serial, 1 + (size_t)random() % LONGEST);
		serial_encode(serial, strlen(serial), name);
		end = stpcpy(text, "/dev/disk/by-serial/");
		end = stpcpy(end, name);
		check_value(text, name, 0);
		sprintf(end, "-part%d", 1 + i % 255);
		check_value(text, name, 1 + (unsigned)i % 255);
		sprintf(text, "serial:%s", name);
		check_value(text, name, 0);
	}
}

static const char *const prefixes[] = { "", "/dev/sd", "/dev/disk/by-slot/", "/dev/disk/by-serial/",
	"serial:", "alias:", "id:" };

/* Whatever it is, it is taken in range or refused with a reason; sanitizers watch. */
static void test_any_text_is_taken_or_refused(void **state)
{
	(void)state;
	srandom(8);
	for (int i = 0; i < ROUNDS; i++) {
		_cleanup_reference_ struct reference reference = {};
		struct hotslot_error error = {};
		char text[LONGEST + 32], *end;

		end = stpcpy(text, prefixes[(size_t)random() % ARRAY_SIZE(prefixes)]);
		fill(end, (size_t)random() % LONGEST);
		if (reference_parse(text, &reference, &error) < 0) {
			assert_int_equal(error.code, HOTSLOT_ERROR_INVALID);
			assert_true(error.message[0] != '\0');
			continue;
		}
		assert_true(reference.slot <= SLOT_MAX && reference.partition <= 255);
		assert_int_equal(reference.kind == REFERENCE_SLOT, reference.value == NULL);
	}
}

static void test_a_very_long_text_leaves_room_for_the_reason(void **state)
{
	_cleanup_free_ char *text = malloc(100001);
	struct reference reference;
	struct hotslot_error error = {};

	(void)state;
	memset(text, 'x', 100000);
	text[100000] = '\0';
	assert_int_equal(reference_parse(text, &reference, &error), -EINVAL);
	assert_non_null(strstr(error.message, UNKNOWN));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_is_taken),
		cmocka_unit_test(test_what_is_wrong_is_named),
		cmocka_unit_test(test_a_partition_is_no_disk),
		cmocka_unit_test(test_a_slot_has_three_forms),
		cmocka_unit_test(test_each_slot_has_one_device),
		cmocka_unit_test(test_a_device_of_any_number_fits),
		cmocka_unit_test(test_the_links_of_any_serial_name_it),
		cmocka_unit_test(test_any_text_is_taken_or_refused),
		cmocka_unit_test(test_a_very_long_text_leaves_room_for_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
