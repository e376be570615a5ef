/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of places without asking, by what the events of a session told. */
#include "test.h"

#include "disks-told.h"
#include "wire.h"

/* The next event of the session. */
static bool take(struct disks_told *told, const char *name, json_t *data)
{
	json_t *event = json_pack(
		"{s:s, s:o, s:I}", "event", name, "data", data, "seq", told->last_seq + 1);
	bool next = disks_told_take(told, event);

	json_decref(event);
	return next;
}

static void added(struct disks_told *told, int place, int diskseq)
{
	assert_true(take(told, HOTSLOT_EVENT_ADDED,
		json_pack("{s:{s:i, s:i}}", "disk", "place", place, "diskseq", diskseq)));
}

static void removed(struct disks_told *told, int place, int diskseq)
{
	assert_true(take(told, HOTSLOT_EVENT_REMOVED,
		json_pack("{s:i, s:i}", "place", place, "diskseq", diskseq)));
}

/* One that comes after another that was lost. */
static bool take_late(struct disks_told *told)
{
	json_t *event = json_pack("{s:s, s:{}, s:I}", "event", HOTSLOT_EVENT_CHANGED, "data", "seq",
		told->last_seq + 2);
	bool next = disks_told_take(told, event);

	json_decref(event);
	return next;
}

static void test_what_is_above_all_disks_is_clear(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	assert_true(disks_told_is_clear(&told, 0));
	added(&told, 3, 10);
	added(&told, 1, 11);
	assert_false(disks_told_is_clear(&told, 3));
	assert_true(disks_told_is_clear(&told, 4));
}

static void test_where_the_last_disk_went_is_vacant(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	assert_false(disks_told_is_vacant(&told, 3));
	added(&told, 3, 10);
	assert_false(disks_told_is_vacant(&told, 3));
	removed(&told, 3, 10);
	assert_true(disks_told_is_vacant(&told, 3));
	assert_false(disks_told_is_vacant(&told, 2));
	/* Another disk is not of that place. */
	added(&told, 2, 11);
	assert_true(disks_told_is_vacant(&told, 3));
	added(&told, 3, 12);
	assert_false(disks_told_is_vacant(&told, 3));
}

static void test_a_disk_that_came_before_the_other_was_told_gone_is_there(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	added(&told, 3, 10);
	added(&told, 3, 11);
	removed(&told, 3, 10);
	assert_false(disks_told_is_vacant(&told, 3));
}

static void test_what_was_not_told_is_not_known(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	removed(&told, 3, 10);
	assert_false(disks_told_is_vacant(&told, 3));
	assert_true(take(&told, HOTSLOT_EVENT_ADDED, json_pack("{s:{}}", "disk")));
	assert_true(take(&told, HOTSLOT_EVENT_REMOVED, json_object()));
	assert_false(disks_told_is_vacant(&told, 0));
	assert_false(disks_told_is_vacant(&told, -1));
}

static void test_an_answer_tells_before_the_event(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	added(&told, 3, 10);
	removed(&told, 3, 10);
	disks_told_set_taken(&told, 2);
	assert_true(disks_told_is_vacant(&told, 3));
	disks_told_set_taken(&told, 3);
	assert_false(disks_told_is_vacant(&told, 3));
}

static void test_after_a_gap_nothing_is_known(void **state)
{
	struct disks_told told;

	(void)state;
	disks_told_reset(&told);
	added(&told, 3, 10);
	removed(&told, 3, 10);
	assert_true(disks_told_is_clear(&told, 9));
	assert_false(take_late(&told));
	assert_false(disks_told_is_vacant(&told, 3));
	assert_false(disks_told_is_clear(&told, 9));
	disks_told_reset(&told);
	assert_true(disks_told_is_clear(&told, 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_above_all_disks_is_clear),
		cmocka_unit_test(test_where_the_last_disk_went_is_vacant),
		cmocka_unit_test(test_a_disk_that_came_before_the_other_was_told_gone_is_there),
		cmocka_unit_test(test_what_was_not_told_is_not_known),
		cmocka_unit_test(test_an_answer_tells_before_the_event),
		cmocka_unit_test(test_after_a_gap_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
