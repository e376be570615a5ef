/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/places.h: places of disks as numbers and as text. */
#include "test.h"

#include "places.h"
#include "slot.h"
#include "wire.h"

static const struct {
	uint32_t target, lun, place;
	bool valid;
	const char *text;
} places[] = {
	{ 0, 0, 0, true, "slot 0" },
	{ 1, 3, 259, true, "slot 259" },
	{ 254, 255, SLOT_MAX, true, "slot 65279" },
	{ 255, 0, 4243456, false, "target 255, LUN 0" },
	{ 255, 255, 4243711, false, "target 255, LUN 255" },
	{ 0, 256, 65792, true, "target 0, LUN 256" },
	{ 0, 300, 65836, true, "target 0, LUN 300" },
	{ 254, 16383, 4243455, true, "target 254, LUN 16383" },
	{ 255, 256, 4243712, false, "target 255, LUN 256" },
	{ 255, 16383, HOTSLOT_PLACE_MAX, false, "target 255, LUN 16383" },
};

static void test_a_place_has_one_number(void **state)
{
	char text[PLACE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(place_number(places[i].target, places[i].lun), places[i].place);
		assert_int_equal(place_target(places[i].place), places[i].target);
		assert_int_equal(place_lun(places[i].place), places[i].lun);
		assert_int_equal(place_is_valid(places[i].place), places[i].valid);
		place_describe(places[i].place, text);
		assert_string_equal(text, places[i].text);
		assert_string_equal(place_locate(places[i].place).text + 3, places[i].text);
	}
}

static void test_a_message_says_where_a_disk_is(void **state)
{
	(void)state;
	assert_string_equal(place_locate(3).text, "in slot 3");
	assert_string_equal(place_locate(82220).text, "at target 1, LUN 300");
}

static void test_numbers_that_are_no_place_are_told(void **state)
{
	(void)state;
	assert_false(place_is_valid(65280));
	assert_false(place_is_valid(HOTSLOT_PLACE_UNSLOTTED)); /* LUN 0, which has a slot */
	assert_false(place_is_valid(HOTSLOT_PLACE_UNSLOTTED + 255));
	assert_false(place_is_valid((uint64_t)HOTSLOT_PLACE_MAX + 1));
	assert_false(place_is_valid(UINT64_C(1) << 32)); /* 0, if cut */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_place_has_one_number),
		cmocka_unit_test(test_a_message_says_where_a_disk_is),
		cmocka_unit_test(test_numbers_that_are_no_place_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
