/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/bump.c, with its functions renamed. */
#include "test.h"

void *bump_malloc(size_t size);
void *bump_calloc(size_t n, size_t size);
void *bump_realloc(void *old, size_t size);

static bool is_all(const char *s, size_t length, char byte)
{
	for (size_t i = 0; i < length; i++)
		if (s[i] != byte)
			return false;
	return true;
}

/* More than it has at hand, in sizes that begin anywhere. */
static void test_no_block_is_in_another(void **state)
{
	enum { BLOCKS = 400 };
	char *blocks[BLOCKS];

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = bump_malloc(i);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		memset(blocks[i], (char)i, i);
	}
	for (size_t i = 0; i < BLOCKS; i++)
		assert_true(is_all(blocks[i], i, (char)i));
}

static void test_a_block_that_grows_keeps_what_is_in_it(void **state)
{
	char *block = NULL;

	(void)state;
	for (size_t size = 1; size < 1024 * 1024; size *= 3) {
		block = bump_realloc(block, size);
		assert_non_null(block);
		assert_true(is_all(block, size / 3, 'x'));
		memset(block, 'x', size);
	}
}

static void test_cleared_memory_is_clear(void **state)
{
	(void)state;
	for (size_t n = 1; n < 100000; n *= 10) {
		char *block = bump_calloc(n, 3);

		assert_non_null(block);
		assert_true(is_all(block, 3 * n, '\0'));
	}
}

static void test_what_cannot_be_had_is_refused(void **state)
{
	volatile size_t most = SIZE_MAX;

	(void)state;
	errno = 0;
	assert_null(bump_malloc(most));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(bump_calloc(most / 2, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(bump_malloc(most / 2));
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_block_is_in_another),
		cmocka_unit_test(test_a_block_that_grows_keeps_what_is_in_it),
		cmocka_unit_test(test_cleared_memory_is_clear),
		cmocka_unit_test(test_what_cannot_be_had_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
