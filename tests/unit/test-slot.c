/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/slot.h: places and numbers. */
#include "test.h"

#include "slot.h"

static void test_every_slot_is_one_place_and_back(void **state)
{
	uint32_t slot = 0;

	(void)state;
	for (uint32_t target = 0; target < SLOT_TARGETS; target++) {
		for (uint32_t lun = 0; lun < SLOT_LUNS; lun++, slot++) {
			assert_true(slot_exists(target, lun));
			assert_int_equal(slot_from_place(target, lun), slot);
			assert_int_equal(slot_target(slot), target);
			assert_int_equal(slot_lun(slot), lun);
		}
	}
	assert_int_equal(slot, SLOT_COUNT);
	assert_int_equal(slot, 65280);
	assert_int_equal(slot - 1, SLOT_MAX);
}

static void test_other_places_have_no_slot(void **state)
{
	(void)state;
	assert_false(slot_exists(SLOT_SYSTEM_TARGET, 0));
	assert_false(slot_exists(0, 256));
	assert_false(slot_exists(0, 16384));
	assert_false(slot_exists(256, 0));
	assert_false(slot_exists(UINT64_MAX, UINT64_MAX));
}

static void test_a_disk_of_others_at_unit_n_is_in_slot_n(void **state)
{
	(void)state;
	assert_int_equal(slot_from_place(0, 0), 0);
	assert_int_equal(slot_from_place(0, 7), 7);
	assert_int_equal(slot_from_place(1, 0), 256);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_slot_is_one_place_and_back),
		cmocka_unit_test(test_other_places_have_no_slot),
		cmocka_unit_test(test_a_disk_of_others_at_unit_n_is_in_slot_n),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
