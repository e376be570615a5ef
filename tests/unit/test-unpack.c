/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* initramfs/mkinitramfs/unpack.h: files that are kept compressed. */
#include "test.h"

#include "unpack.h"

/* "hotslot\n" by gzip. */
static const uint8_t gzip[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb,
	0xc8, 0x2f, 0x29, 0xce, 0xc9, 0x2f, 0xe1, 0x02, 0x00, 0xe9, 0x1c, 0xee, 0xac, 0x08, 0x00,
	0x00, 0x00 };

static struct tree tree;

static int unpack(const void *data, size_t length, char **ret, size_t *ret_length)
{
	char path[128];

	put_bytes(&tree, "file", data, length);
	snprintf(path, sizeof(path), "%s/file", tree.path);
	return unpack_file(path, ret, ret_length);
}

static void test_what_was_compressed_is_unpacked(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t length;

	(void)state;
	assert_int_equal(unpack(gzip, sizeof(gzip), &data, &length), 0);
	assert_int_equal(length, 8);
	assert_memory_equal(data, "hotslot\n", 8);
}

static void test_what_was_not_stays_as_it_is(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t length;

	(void)state;
	assert_int_equal(unpack("hot\0slot", 8, &data, &length), 0);
	assert_int_equal(length, 8);
	assert_memory_equal(data, "hot\0slot", 8);
}

static void test_a_file_that_is_cut_off_is_an_error(void **state)
{
	char *data = NULL;
	size_t length;

	(void)state;
	assert_true(unpack(gzip, sizeof(gzip) - 12, &data, &length) < 0);
	assert_null(data);
	assert_true(unpack_file("/nonexistent", &data, &length) < 0);
	assert_null(data);
}

static int set_up(void **state)
{
	(void)state;
	make_tree(&tree);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_tree(&tree);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_compressed_is_unpacked),
		cmocka_unit_test(test_what_was_not_stays_as_it_is),
		cmocka_unit_test(test_a_file_that_is_cut_off_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
