/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which LUNs a target says it has, and how it is asked. */
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

/* ---- the question ---- */

/* More than the first answer has room for. */
#define MANY 700

/* What the target can transfer at once, and what it was asked for. */
static struct target {
	size_t transfer_max, asked[4];
	unsigned n_asked;
} target;

/* SPC 6.33: the length is of all LUNs, however many are transferred. */
static int answer(int fd, uint8_t *cdb, size_t n, uint8_t *data, unsigned length,
	struct scsi_outcome *ret, bool *was_reset)
{
	uint8_t all[8 + MANY * 8] = { 0, 0, MANY * 8 >> 8, MANY * 8 & 0xff };

	(void)fd, (void)was_reset;
	assert_int_equal(n, 12);
	assert_int_equal(cdb[0], 0xa0);
	assert_int_equal(cdb[6] << 24 | cdb[7] << 16 | cdb[8] << 8 | cdb[9], length);
	assert_in_range(target.n_asked, 0, ARRAY_SIZE(target.asked) - 1);
	target.asked[target.n_asked++] = length;
	*ret = (struct scsi_outcome){ 0 };
	if (length > target.transfer_max)
		return -EINVAL;
	for (unsigned i = 0; i < MANY; i++) {
		all[8 + i * 8] = i < 256 ? 0 : (uint8_t)(0x40 | i >> 8);
		all[8 + i * 8 + 1] = i & 0xff;
	}
	ret->length = length < sizeof(all) ? length : sizeof(all);
	memcpy(data, all, ret->length);
	return 0;
}

static size_t report(size_t transfer_max, uint32_t *ret)
{
	size_t n = 0;

	target = (struct target){ .transfer_max = transfer_max };
	assert_int_equal(luns_report(answer, -1, ret, MANY, &n), 0);
	return n;
}

static void test_a_target_with_more_than_the_answer_has_room_for_is_asked_again(void **state)
{
	uint32_t luns[MANY] = { 0 };

	(void)state;
	assert_int_equal(report(SIZE_MAX, luns), MANY);
	assert_int_equal(luns[255], 255);
	assert_int_equal(luns[MANY - 1], 16384 + MANY - 1);
	assert_int_equal(target.n_asked, 2);
}

static void test_a_target_that_cannot_transfer_as_much_tells_its_first(void **state)
{
	uint32_t luns[MANY] = { 0 };

	(void)state;
	assert_int_equal(report(4096, luns), (4096 - 8) / 8);
	assert_int_equal(luns[509], 16384 + 509);
	assert_int_equal(target.n_asked, 2);
}

static void test_a_target_that_cannot_be_asked_is_an_error(void **state)
{
	uint32_t luns[MANY];
	size_t n;

	(void)state;
	target = (struct target){ .transfer_max = 0 };
	assert_int_equal(luns_report(answer, -1, luns, MANY, &n), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_luns_are_as_the_kernel_numbers_them),
		cmocka_unit_test(test_no_more_are_read_than_there_are),
		cmocka_unit_test(test_other_kinds_of_luns_are_passed_over),
		cmocka_unit_test(
			test_a_target_with_more_than_the_answer_has_room_for_is_asked_again),
		cmocka_unit_test(test_a_target_that_cannot_transfer_as_much_tells_its_first),
		cmocka_unit_test(test_a_target_that_cannot_be_asked_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
