/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIZE on a command line. */
#include "test.h"

#include "size.h"

static const struct {
	const char *text;
	int r;
	uint64_t bytes;
	bool more;
} sizes[] = {
	{ "0", 0, 0, false },
	{ "512", 0, 512, false },
	{ "1K", 0, 1024, false },
	{ "1k", 0, 1024, false },
	{ "3M", 0, 3 << 20, false },
	{ "+1G", 0, 1 << 30, true },
	{ "2T", 0, 2ULL << 40, false },
	{ "1P", 0, 1ULL << 50, false },
	{ "+512", 0, 512, true },
	{ "8191P", 0, 8191ULL << 50, false },
	{ "9223372036854775807", 0, INT64_MAX, false },
	{ "8192P", -ERANGE, 0, false },
	{ "9223372036854775808", -ERANGE, 0, false },
	{ "99999999999999999999999G", -ERANGE, 0, false },
	{ "", -EINVAL, 0, false },
	{ "+", -EINVAL, 0, false },
	{ "K", -EINVAL, 0, false },
	{ "-1", -EINVAL, 0, false },
	{ "++1", -EINVAL, 0, false },
	{ "1.5G", -EINVAL, 0, false },
	{ "1GB", -EINVAL, 0, false },
	{ "1 G", -EINVAL, 0, false },
	{ "1E", -EINVAL, 0, false },
	{ "0x10", -EINVAL, 0, false },
	{ " 1", -EINVAL, 0, false },
	{ "ten", -EINVAL, 0, false },
};

static void test_a_size_is_bytes_or_has_a_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct size size;

		print_message("%s\n", sizes[i].text);
		assert_int_equal(size_parse(sizes[i].text, &size), sizes[i].r);
		if (sizes[i].r < 0)
			continue;
		assert_int_equal(size.bytes, sizes[i].bytes);
		assert_int_equal(size.more, sizes[i].more);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_size_is_bytes_or_has_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
