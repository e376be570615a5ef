/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose a serial is: the guest reads one, the host has given one, and it names no disk if those are
 * two. */
#include "test.h"

#include "by-serial.h"

#define S "vol-7"

/* A disk that may have it; NULL: none, or not shown. */
struct side {
	const char *guest, *host;
	bool attached;
};

static const struct {
	const char *what;
	struct side disks[2];
	int r; /* 1: the first one's */
	enum hotslot_error_code code;
} cases[] = {
	{ "nobody's", { { "a", "a", true }, { "b", "b", true } }, 0, HOTSLOT_ERROR_NONE },
	{ "of both", { { S, S, true }, { "b", "b", true } }, 1, HOTSLOT_ERROR_NONE },
	{ "of a LUN, that only the guest knows", { { S, NULL, true }, { "b", "b", true } }, 1,
		HOTSLOT_ERROR_NONE },
	{ "of a disk that the guest does not show", { { NULL, S, true }, { "b", "b", true } }, 1,
		HOTSLOT_ERROR_NONE },
	{ "of a disk that the host does not have", { { S, NULL, false }, { "b", "b", true } }, 0,
		HOTSLOT_ERROR_NONE },
	{ "of two", { { S, S, true }, { S, S, true } }, -1, HOTSLOT_ERROR_AMBIGUOUS },
	{ "of a LUN, and of a disk that the guest does not show",
		{ { S, NULL, true }, { NULL, S, true } }, -1, HOTSLOT_ERROR_AMBIGUOUS },
};

static struct record *make_record(const struct side *side, unsigned slot)
{
	struct record *record = record_new(0, slot);

	assert_non_null(record);
	record->disk.serial = side->guest;
	record->disk.attached = side->attached;
	record->host_serial = side->host;
	return record;
}

static void test_a_serial_names_one_disk_or_none(void **state)
{
	const struct hotslot_domain domain = { .name = (char *)"vm" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record *records[] = { make_record(&cases[i].disks[0], 0),
			make_record(&cases[i].disks[1], 1) };
		struct disks disks = { .records = records, .count = 2 };
		_cleanup_record_ struct record *found = NULL;
		struct hotslot_error error = {};
		int r = by_serial_pick(&domain, &disks, S, &found, &error);

		print_message("%s: %s\n", cases[i].what, error.message);
		assert_int_equal(r < 0 ? -1 : r, cases[i].r);
		assert_int_equal(error.code, cases[i].code);
		if (r > 0)
			assert_int_equal(found->disk.slot, 0);
		if (r < 0)
			assert_string_equal(error.message,
				"Several disks of domain vm have the serial " S
				": the one in slot 0, the one in slot 1");
		record_free(records[0]);
		record_free(records[1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_serial_names_one_disk_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
