/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a disk says to SCSI commands. */
#include "test.h"

#include "fresh-read.h"
#include "scsi-command.h"

#define BYTES(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static void check_sense(const uint8_t *data, size_t length, uint8_t key, uint8_t asc, uint8_t ascq)
{
	struct sense sense = sense_parse(data, length);

	assert_int_equal(sense.key, key);
	assert_int_equal(sense.asc, asc);
	assert_int_equal(sense.ascq, ascq);
}

static void test_sense_data_in_fixed_format(void **state)
{
	(void)state;
	check_sense(BYTES(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 1, 0, 0, 0, 0), 6, 0x29, 1);
	/* Deferred, with the information valid and the incorrect-length bit set. */
	check_sense(BYTES(0xf1, 0, 0x25, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0), 5, 0x25, 0);
}

static void test_sense_data_in_descriptor_format(void **state)
{
	(void)state;
	check_sense(BYTES(0x72, 6, 0x3f, 0x0e, 0, 0, 0, 0), 6, 0x3f, 0x0e);
	check_sense(BYTES(0x73, 0xf5, 0x25, 0), 5, 0x25, 0);
}

static void test_what_is_no_sense_data_says_nothing(void **state)
{
	(void)state;
	check_sense(NULL, 0, 0, 0, 0);
	check_sense(BYTES(0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29), 0, 0, 0);
	check_sense(BYTES(0x72, 6, 0x29), 0, 0, 0);
	check_sense(BYTES(0x7f, 6, 0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x29, 0), 0, 0, 0);
}

static void test_a_capacity_is_in_blocks_of_its_own_size(void **state)
{
	(void)state;
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2, 0)), 1048576);
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0)),
		(UINT64_C(0x100000001) << 12));
}

static void test_an_absurd_capacity_is_none(void **state)
{
	(void)state;
	assert_int_equal(capacity_parse(NULL, 0), 0);
	assert_int_equal(capacity_parse(BYTES(0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2)), 0);
	assert_int_equal(
		capacity_parse(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0)),
		0);
	assert_int_equal(
		capacity_parse(BYTES(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0)),
		0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sense_data_in_fixed_format),
		cmocka_unit_test(test_sense_data_in_descriptor_format),
		cmocka_unit_test(test_what_is_no_sense_data_says_nothing),
		cmocka_unit_test(test_a_capacity_is_in_blocks_of_its_own_size),
		cmocka_unit_test(test_an_absurd_capacity_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
