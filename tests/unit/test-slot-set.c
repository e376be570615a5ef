/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of slots: their text is read back as it was meant, and nothing else is read. */
#include "test.h"

#include "slot-set.h"

static void test_ranges_are_read_and_written_in_order(void **state)
{
	static const struct {
		const char *text, *want;
		size_t count;
	} cases[] = {
		{ "0", "0", 1 },
		{ "0-3,17", "0-3,17", 5 },
		{ "17,0-3", "0-3,17", 5 },
		{ "1,0", "0-1", 2 },
		{ "5-5", "5", 1 },
		{ "0-10,3-12", "0-12", 13 },
		{ "62,63,64,65", "62-65", 4 },
		{ "65279", "65279", 1 },
		{ "0-65279", "0-65279", 65280 },
		{ "0-62,64-127,129", "0-62,64-127,129", 128 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		struct slot_set set;

		assert_int_equal(slot_set_parse(cases[i].text, &set), 0);
		assert_int_equal(slot_set_format(&set, &text), 0);
		assert_string_equal(text, cases[i].want);
		assert_int_equal(slot_set_count(&set), cases[i].count);
	}
}

static void test_what_is_no_list_of_slots_is_refused(void **state)
{
	static const char *const texts[] = { "", ",", "1,", ",1", "1,,2", "-", "1-", "-1", "3-1",
		"65280", "0-65280", "1 ", " 1", "1, 2", "+1", "0x1", "1-2-3", "a",
		"18446744073709551616" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct slot_set set = {};

		assert_int_equal(slot_set_parse(texts[i], &set), -EBADMSG);
		assert_true(slot_set_is_empty(&set));
	}
}

static void test_the_empty_set_is_an_empty_text(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct slot_set set = {};

	(void)state;
	assert_true(slot_set_is_empty(&set));
	assert_int_equal(slot_set_format(&set, &text), 0);
	assert_string_equal(text, "");
}

static void test_next_finds_every_slot_once(void **state)
{
	static const unsigned slots[] = { 0, 1, 63, 64, 128, 1000, SLOT_MAX };
	struct slot_set set = {};
	int slot = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		slot_set_add(&set, slots[i]);
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		slot = slot_set_next(&set, (unsigned)(slot + 1));
		assert_int_equal(slot, slots[i]);
	}
	assert_int_equal(slot_set_next(&set, SLOT_MAX + 1), -1);
	slot_set_remove(&set, SLOT_MAX);
	assert_int_equal(slot_set_next(&set, 1001), -1);
	assert_false(slot_set_has(&set, SLOT_MAX));
	assert_true(slot_set_has(&set, 1000));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_are_read_and_written_in_order),
		cmocka_unit_test(test_what_is_no_list_of_slots_is_refused),
		cmocka_unit_test(test_the_empty_set_is_an_empty_text),
		cmocka_unit_test(test_next_finds_every_slot_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
