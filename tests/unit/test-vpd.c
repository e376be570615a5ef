/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/vpd.h: page 0x80, also where it lies about its length. */
#include "test.h"

#include "vpd.h"

static void check_serial(const char *page, size_t length, const char *serial, size_t serial_length)
{
	/* On the heap, so that a sanitizer sees each byte that is read past the end. */
	_cleanup_free_ char *copy = malloc(length ? length : 1);
	const char *found = NULL;
	size_t found_length = 0;

	memcpy(copy, page, length);
	assert_int_equal(vpd_find_serial(copy, length, &found, &found_length), 0);
	assert_int_equal(found_length, serial_length);
	assert_memory_equal(found, serial, serial_length);
}

static void check_malformed(const char *page, size_t length)
{
	_cleanup_free_ char *copy = malloc(length ? length : 1);
	const char *found = NULL;
	size_t found_length = 0;

	memcpy(copy, page, length);
	assert_int_equal(vpd_find_serial(copy, length, &found, &found_length), -EBADMSG);
	assert_null(found);
}

static void test_the_serial_is_what_the_page_holds(void **state)
{
	(void)state;
	check_serial("\0\x80\0\x05vol-7", 9, "vol-7", 5);
	check_serial("\0\x80\0\0", 4, "", 0);
	check_serial("\0\x80\0\x03"
		     "a\0b",
		7, "a\0b", 3);
	/* The first byte is the peripheral's type. */
	check_serial("\x05\x80\0\x01x", 5, "x", 1);
}

static void test_a_serial_of_any_length_is_found(void **state)
{
	static char page[65535 + 4];

	(void)state;
	memset(page, 'x', sizeof(page));
	memcpy(page, "\0\x80\x01\x00", 4);
	check_serial(page, 4 + 256, page + 4, 256);
	memcpy(page, "\0\x80\xff\xff", 4);
	check_serial(page, sizeof(page), page + 4, 65535);
}

static void test_a_page_that_lies_about_its_length_is_malformed(void **state)
{
	(void)state;
	check_malformed("\0\x80\0\x06vol-7", 9);
	check_malformed("\0\x80\0\x04vol-7", 9);
	check_malformed("\0\x80\0\0vol-7", 9);
	check_malformed("\0\x80\xff\xffvol-7", 9);
	check_malformed("\0\x80\x05\0vol-7", 9);
	check_malformed("\0\x80\0\x01", 4);
}

static void test_a_page_without_its_header_is_malformed(void **state)
{
	(void)state;
	check_malformed("", 0);
	check_malformed("\0", 1);
	check_malformed("\0\x80", 2);
	check_malformed("\0\x80\0", 3);
}

static void test_another_page_is_malformed(void **state)
{
	(void)state;
	check_malformed("\0\x83\0\x05vol-7", 9);
	check_malformed("\x80\0\0\x05vol-7", 9);
	check_malformed("\0\0\0\0", 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_serial_is_what_the_page_holds),
		cmocka_unit_test(test_a_serial_of_any_length_is_found),
		cmocka_unit_test(test_a_page_that_lies_about_its_length_is_malformed),
		cmocka_unit_test(test_a_page_without_its_header_is_malformed),
		cmocka_unit_test(test_another_page_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
