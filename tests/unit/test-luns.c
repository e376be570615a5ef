/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which LUNs a target says it has. */
#include "test.h"

#include "luns.h"

#define MAX 8

static void check_luns(const uint8_t *data, size_t length, const uint32_t *expected, size_t n)
{
	uint32_t luns[MAX] = { 0 };

	assert_int_equal(luns_parse(data, length, luns, MAX), n);
	if (n > 0)
		assert_memory_equal(luns, expected, n * sizeof(*luns));
}

#define LUN(a, b) a, b, 0, 0, 0, 0, 0, 0
#define HEADER(n) 0, 0, 0, 8 * (n), 0, 0, 0, 0
#define LUNS(...) \
	((const uint32_t[]){ __VA_ARGS__ }), ARRAY_SIZE(((const uint32_t[]){ __VA_ARGS__ }))
#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static void test_luns_are_as_the_kernel_numbers_them(void **state)
{
	(void)state;
	check_luns(BYTES(HEADER(4), LUN(0, 0), LUN(0, 255), LUN(0x41, 0), LUN(0x7f, 0xff)),
		LUNS(0, 255, 16384 + 256, 16384 + 16383));
}

static void test_no_more_are_read_than_there_are(void **state)
{
	(void)state;
	check_luns(BYTES(HEADER(2), LUN(0, 1)), LUNS(1));
	check_luns(BYTES(HEADER(1), LUN(0, 1), LUN(0, 2)), LUNS(1));
	check_luns(BYTES(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, LUN(0, 1), 0, 2, 0), LUNS(1));
	check_luns(BYTES(HEADER(9), LUN(0, 1), LUN(0, 2), LUN(0, 3), LUN(0, 4), LUN(0, 5),
			   LUN(0, 6), LUN(0, 7), LUN(0, 8), LUN(0, 9)),
		LUNS(1, 2, 3, 4, 5, 6, 7, 8));
	check_luns(BYTES(0, 0, 0), NULL, 0);
	check_luns(NULL, 0, NULL, 0);
}

static void test_other_kinds_of_luns_are_passed_over(void **state)
{
	(void)state;
	/* On another bus; with a logical unit of its own addressing; extended; of a second level.
	 */
	check_luns(BYTES(HEADER(5), LUN(1, 5), LUN(0x80, 5), LUN(0xc1, 1), 0, 5, 0, 1, 0, 0, 0, 0,
			   LUN(0, 6)),
		LUNS(6));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_luns_are_as_the_kernel_numbers_them),
		cmocka_unit_test(test_no_more_are_read_than_there_are),
		cmocka_unit_test(test_other_kinds_of_luns_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
