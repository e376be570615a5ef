/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/util.h: numbers, files, attributes, cleanup. */
#include "test.h"

#include <sys/sysmacros.h>

static void test_parse_u64_takes_decimal_digits_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int result;
		uint64_t value;
	} table[] = {
		{ "0", 10, 0, 0 },
		{ "10", 10, 0, 10 },
		{ "007", 10, 0, 7 },
		{ "11", 10, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "", 10, -EINVAL, 0 },
		{ " 1", 10, -EINVAL, 0 },
		{ "1 ", 10, -EINVAL, 0 },
		{ "1\n", 10, -EINVAL, 0 },
		{ "+1", 10, -EINVAL, 0 },
		{ "-1", 10, -EINVAL, 0 },
		{ "0x1", 10, -EINVAL, 0 },
		{ "1e1", 10, -EINVAL, 0 },
		{ "99999999999999999999x", 10, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t value = 4711;

		assert_int_equal(parse_u64(table[i].text, table[i].max, &value), table[i].result);
		assert_int_equal(value, table[i].result ? 4711 : table[i].value);
	}
}

static void test_take_u32_goes_on_behind_the_number(void **state)
{
	static const char *const refused[] = { "", "x", " 1", "+1", "-1", ":1", "4294967296",
		"99999999999" };
	const char *s = "4294967295:7";
	uint32_t value;

	(void)state;
	assert_true(take_u32(&s, &value));
	assert_int_equal(value, UINT32_MAX);
	assert_string_equal(s, ":7");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		s = refused[i];
		assert_false(take_u32(&s, &value));
		assert_ptr_equal(s, refused[i]);
	}
}

static void test_format_u64_writes_what_parse_u64_takes(void **state)
{
	static const uint64_t values[] = { 0, 9, 10, 4294967296, UINT64_MAX };
	char text[U64_TEXT_SIZE];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *end = format_u64(text, values[i]);

		assert_ptr_equal(end, text + strlen(text));
		assert_int_equal(parse_u64(text, UINT64_MAX, &value), 0);
		assert_true(value == values[i]);
	}
}

static void test_a_device_number_is_two_numbers(void **state)
{
	static const char *const refused[] = { "", "8", "8:", ":0", "8:0 ", " 8:0", "8:0\n", "8:-1",
		"8:0:0", "8:4294967296" };
	char text[DEVNUM_TEXT_SIZE];
	dev_t devnum;

	(void)state;
	devnum_format(makedev(8, 1048575), text);
	assert_string_equal(text, "8:1048575");
	assert_int_equal(devnum_parse(text, &devnum), 0);
	assert_true(devnum == makedev(8, 1048575));
	devnum_format(makedev(UINT32_MAX, UINT32_MAX), text);
	assert_string_equal(text, "4294967295:4294967295");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(devnum_parse(refused[i], &devnum), -EBADMSG);
}

static void test_a_path_is_joined_if_it_fits(void **state)
{
	char path[8] = "before";

	(void)state;
	assert_int_equal(path_join(path, sizeof(path), "abc", "defg"), -ENAMETOOLONG);
	assert_string_equal(path, "before");
	assert_int_equal(path_join(path, sizeof(path), "abc", "def"), 0);
	assert_string_equal(path, "abc/def");
	assert_int_equal(path_join(path, sizeof(path), "", "sys"), 0);
	assert_string_equal(path, "/sys");
}

static void test_now_ms_goes_forward(void **state)
{
	uint64_t before = now_ms();

	(void)state;
	assert_true(before > 0);
	assert_true(now_ms() >= before);
}

static void test_read_file_reads_at_most_what_it_may(void **state)
{
	struct tree tree;
	size_t length = 0;
	char *data = NULL;

	(void)state;
	make_tree(&tree);
	put_bytes(&tree, "file", "a\0bc", 4);
	assert_int_equal(read_file_at(tree.fd, "file", 4, &data, &length), 0);
	assert_int_equal(length, 4);
	assert_memory_equal(data, "a\0bc", 5);
	free(data);
	assert_int_equal(read_file_at(tree.fd, "file", 3, &data, &length), -EFBIG);
	assert_int_equal(read_file_at(tree.fd, "none", 3, &data, &length), -ENOENT);
	remove_tree(&tree);
}

static void test_read_file_reads_files_of_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 100000 };
	struct tree tree;

	(void)state;
	make_tree(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *content = calloc(1, sizes[i] + 1), *data = NULL;
		size_t length = 0;

		memset(content, 'x', sizes[i]);
		put_bytes(&tree, "file", content, sizes[i]);
		assert_int_equal(read_file_at(tree.fd, "file", 100000, &data, &length), 0);
		assert_int_equal(length, sizes[i]);
		assert_string_equal(data, content);
	}
	remove_tree(&tree);
}

static void test_read_file_reads_files_without_a_size(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(read_file_at(AT_FDCWD, "/proc/self/status", 65536, &data, &length), 0);
	assert_non_null(strstr(data, "\nPid:"));
}

static void check_attribute(
	const struct tree *tree, const char *data, size_t length, int result, const char *text)
{
	char buf[8] = "before";

	put_bytes(tree, "attribute", data, length);
	assert_int_equal(read_attr_at(tree->fd, "attribute", buf, sizeof(buf)), result);
	assert_string_equal(buf, result ? "before" : text);
}

static void test_read_attr_takes_one_line(void **state)
{
	struct tree tree;

	(void)state;
	make_tree(&tree);
	check_attribute(&tree, "sda\n", 4, 0, "sda");
	check_attribute(&tree, "sda", 3, 0, "sda");
	check_attribute(&tree, "", 0, 0, "");
	check_attribute(&tree, "\n", 1, 0, "");
	check_attribute(&tree, "1234567\n", 8, 0, "1234567");
	check_attribute(&tree, "12345678\n", 9, -E2BIG, NULL);
	check_attribute(&tree, "a\0b\n", 4, -EBADMSG, NULL);
	remove_tree(&tree);
}

static void test_read_attr_u64_takes_numbers_only(void **state)
{
	uint64_t value = 0;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	put_text(&tree, "number", "8192\n");
	put_text(&tree, "text", "many\n");
	put_text(&tree, "long", "11111111111111111111111111111111111111\n");
	put_text(&tree, "negative", "-1\n");
	assert_int_equal(read_attr_u64_at(tree.fd, "number", &value), 0);
	assert_int_equal(value, 8192);
	assert_int_equal(read_attr_u64_at(tree.fd, "text", &value), -EBADMSG);
	assert_int_equal(read_attr_u64_at(tree.fd, "long", &value), -EBADMSG);
	assert_int_equal(read_attr_u64_at(tree.fd, "negative", &value), -EBADMSG);
	assert_int_equal(read_attr_u64_at(tree.fd, "none", &value), -ENOENT);
	assert_int_equal(value, 8192);
	remove_tree(&tree);
}

static void test_write_attr_writes_to_what_is_there(void **state)
{
	char buf[16];
	struct tree tree;

	(void)state;
	make_tree(&tree);
	put_text(&tree, "state", "");
	assert_int_equal(write_attr_at(tree.fd, "state", "offline"), 0);
	assert_int_equal(read_attr_at(tree.fd, "state", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "offline");
	assert_int_equal(write_attr_at(tree.fd, "none", "offline"), -ENOENT);
	assert_int_equal(faccessat(tree.fd, "none", F_OK, 0), -1);
	remove_tree(&tree);
}

static void test_make_directories_makes_all_that_are_missing(void **state)
{
	char path[PATH_MAX];
	struct tree tree;

	(void)state;
	make_tree(&tree);
	snprintf(path, sizeof(path), "%s/a/b/c", tree.path);
	assert_int_equal(make_directories(path), 0);
	assert_int_equal(make_directories(path), 0);
	assert_int_equal(faccessat(tree.fd, "a/b/c", X_OK, 0), 0);
	put_text(&tree, "file", "");
	snprintf(path, sizeof(path), "%s/file/c", tree.path);
	assert_int_equal(make_directories(path), -ENOTDIR);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(make_directories(path), -ENAMETOOLONG);
	remove_tree(&tree);
}

static char *hand_over(void)
{
	_cleanup_free_ char *text = strdup("kept");

	return steal_pointer(text);
}

static int hand_over_descriptor(void)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return steal_fd(&fd);
}

static void test_what_is_handed_over_is_not_cleaned_up(void **state)
{
	_cleanup_free_ char *text = hand_over();
	_cleanup_close_ int fd = hand_over_descriptor();

	(void)state;
	assert_string_equal(text, "kept");
	assert_true(fcntl(fd, F_GETFD) >= 0);
}

static void test_a_descriptor_is_closed_at_the_end_of_its_scope(void **state)
{
	int number;

	(void)state;
	{
		_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		number = fd;
	}
	assert_int_equal(fcntl(number, F_GETFD), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_u64_takes_decimal_digits_only),
		cmocka_unit_test(test_take_u32_goes_on_behind_the_number),
		cmocka_unit_test(test_format_u64_writes_what_parse_u64_takes),
		cmocka_unit_test(test_a_device_number_is_two_numbers),
		cmocka_unit_test(test_a_path_is_joined_if_it_fits),
		cmocka_unit_test(test_now_ms_goes_forward),
		cmocka_unit_test(test_read_file_reads_at_most_what_it_may),
		cmocka_unit_test(test_read_file_reads_files_of_any_size),
		cmocka_unit_test(test_read_file_reads_files_without_a_size),
		cmocka_unit_test(test_read_attr_takes_one_line),
		cmocka_unit_test(test_read_attr_u64_takes_numbers_only),
		cmocka_unit_test(test_write_attr_writes_to_what_is_there),
		cmocka_unit_test(test_make_directories_makes_all_that_are_missing),
		cmocka_unit_test(test_what_is_handed_over_is_not_cleaned_up),
		cmocka_unit_test(test_a_descriptor_is_closed_at_the_end_of_its_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
