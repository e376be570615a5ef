/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clock.h: a guest's clock on the host's, whatever the guest says of it. */
#include "test.h"

#include "clock.h"

#define SECOND INT64_C(1000000)

static struct clock_line begin(struct clock_sample sample)
{
	struct clock_line line;

	assert_int_equal(clock_line_begin(&sample, &line), 0);
	return line;
}

static void check_place(const struct clock_line *line, uint64_t moment, int64_t expected)
{
	int64_t at;

	assert_int_equal(clock_line_place(line, moment, &at), 0);
	assert_true(at == expected);
}

/* 1,000 µs of ours, 400 of theirs: each way took 300, or one 600 and the other none. */
static void test_a_sample_has_half_of_what_it_does_not_tell_as_error(void **state)
{
	const struct clock_line line = begin((struct clock_sample){ 5000, 6000, 100, 500 });

	(void)state;
	check_place(&line, 100, 5300);
	check_place(&line, 500, 5700);
	/* and what the clocks may drift apart, and their last digits */
	assert_int_equal(clock_line_error(&line), 300 + 1 + 1);
}

static void test_a_faster_sample_narrows_the_line(void **state)
{
	struct clock_line line = begin((struct clock_sample){ 5000, 6000, 100, 500 });

	(void)state;
	/* The guest's clock is 5,250 behind: 20 µs there, 30 back. */
	clock_line_narrow(&line, &(struct clock_sample){ 7000, 7050, 1770, 1770 });
	check_place(&line, 100, 5355);
	assert_int_equal(clock_line_error(&line), 25 + 2);
	/* A slower one does not widen it. */
	clock_line_narrow(&line, &(struct clock_sample){ 8000, 9000, 3000, 3000 });
	check_place(&line, 100, 5355);
	assert_int_equal(clock_line_error(&line), 25 + 2);
}

/* Its clock stood still for a second between the two. */
static void test_a_sample_after_a_standstill_is_not_taken(void **state)
{
	struct clock_line line = begin((struct clock_sample){ 5000, 6000, 100, 500 });

	(void)state;
	clock_line_narrow(
		&line, &(struct clock_sample){ 7000 + SECOND, 7050 + SECOND, 1770, 1770 });
	check_place(&line, 100, 5300);
	assert_int_equal(clock_line_error(&line), 302);
}

/* A guest that was paused in the middle: the error covers where its moments can have been. */
static void test_a_standstill_within_a_sample_is_part_of_its_error(void **state)
{
	const struct clock_line line =
		begin((struct clock_sample){ 5000, 5000 + SECOND, 100, 500 });

	(void)state;
	assert_true(clock_line_error(&line) >= (SECOND - 400) / 2);
	check_place(&line, 100, 5000 + (SECOND - 400) / 2);
}

/* Set right by up to a thousandth. */
static void test_a_clock_may_run_a_little_faster(void **state)
{
	const struct clock_line line = begin((struct clock_sample){ 0, SECOND, 0, SECOND + 500 });

	(void)state;
	check_place(&line, 0, 0);
	assert_true(clock_line_error(&line) >= 500);
}

static void test_what_cannot_be_is_no_line(void **state)
{
	static const struct clock_sample samples[] = {
		{ 0, SECOND, 0, SECOND + 2000 },       /* faster than ours */
		{ 0, SECOND, 500, 400 },	       /* back in time */
		{ 0, SECOND, 0, INT64_MAX },	       /* for ever */
		{ 0, SECOND, 0, UINT64_MAX },	       /* and ever */
		{ 0, SECOND, UINT64_MAX, 0 },	       /* and back */
		{ SECOND, 0, 0, 0 },		       /* an answer before the request */
		{ 0, INT64_MAX, 0, INT64_C(1) << 62 }, /* long */
	};
	struct clock_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		print_message("%zu\n", i);
		assert_int_equal(clock_line_begin(&samples[i], &line), -ERANGE);
	}
}

static void test_far_moments_are_not_placed(void **state)
{
	static const uint64_t moments[] = { 0, UINT64_MAX, INT64_MAX, UINT64_C(1) << 62 };
	struct clock_line line = begin((struct clock_sample){
		5000, 6000, UINT64_C(9000000000000000000), UINT64_C(9000000000000000400) });
	int64_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
		assert_int_equal(clock_line_place(&line, moments[i], &at), -ERANGE);
	check_place(&line, UINT64_C(9000000000000000100), 5400);
	/* Nor is it narrowed by what is far. */
	clock_line_narrow(&line, &(struct clock_sample){ 7000, 7001, 0, 0 });
	clock_line_narrow(&line, &(struct clock_sample){ 7000, 7001, UINT64_MAX, UINT64_MAX });
	clock_line_narrow(&line, &(struct clock_sample){ UINT64_MAX, 0, 9, 9 });
	assert_int_equal(clock_line_error(&line), 302);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sample_has_half_of_what_it_does_not_tell_as_error),
		cmocka_unit_test(test_a_faster_sample_narrows_the_line),
		cmocka_unit_test(test_a_sample_after_a_standstill_is_not_taken),
		cmocka_unit_test(test_a_standstill_within_a_sample_is_part_of_its_error),
		cmocka_unit_test(test_a_clock_may_run_a_little_faster),
		cmocka_unit_test(test_what_cannot_be_is_no_line),
		cmocka_unit_test(test_far_moments_are_not_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
