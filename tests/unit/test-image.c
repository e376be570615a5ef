/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image's format follows from its name or, if asked for, from its signature; never by guess. */
#include "test.h"

#include "image-format.h"

#define QCOW2_HEADER                         \
	"QFI\xfb\0\0\0\3"                    \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10" \
	"\0\0\0\0\x40\0\0\0"
#define QCOW2_HEADER_SIZE (sizeof(QCOW2_HEADER) - 1)

static void test_a_name_tells_a_format_by_its_ending(void **state)
{
	static const struct {
		const char *name, *format;
	} cases[] = {
		{ "/a/b.qcow2", "qcow2" },
		{ "/a/b.QCOW2", "qcow2" },
		{ "b.raw", "raw" },
		{ "b.img", "raw" },
		{ "b.vmdk", "vmdk" },
		{ "b.vdi", "vdi" },
		{ "b.qcow2.bak", NULL },
		{ "bqcow2", NULL },
		{ ".qcow2", NULL },
		{ "qcow2", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *format = image_format_from_name(cases[i].name);

		if (cases[i].format)
			assert_string_equal(format, cases[i].format);
		else
			assert_null(format);
	}
}

static void test_a_content_tells_a_format_by_its_signature(void **state)
{
	unsigned char header[IMAGE_HEADER_SIZE] = {};

	(void)state;
	assert_null(image_format_from_content(header, sizeof(header)));
	assert_null(image_format_from_content(header, 0));
	memcpy(header + 64, "\x7f\x10\xda\xbe", 4);
	assert_string_equal(image_format_from_content(header, sizeof(header)), "vdi");
	assert_null(image_format_from_content(header, 67));
	memcpy(header, "KDMV", 4);
	assert_string_equal(image_format_from_content(header, sizeof(header)), "vmdk");
	memset(header, 0, sizeof(header));
	memcpy(header, "QED", 4);
	assert_string_equal(image_format_from_content(header, sizeof(header)), "qed");
	memcpy(header, QCOW2_HEADER, QCOW2_HEADER_SIZE);
	assert_string_equal(image_format_from_content(header, 4), "qcow2");
	assert_null(image_format_from_content(header, 3));
}

static void test_a_qcow2_header_has_the_size_of_the_disk(void **state)
{
	unsigned char header[IMAGE_HEADER_SIZE] = {};
	uint64_t size = 0;

	(void)state;
	memcpy(header, QCOW2_HEADER, QCOW2_HEADER_SIZE);
	assert_int_equal(image_qcow2_size(header, sizeof(header), &size), 0);
	assert_int_equal(size, 1 << 30);
	size = 0;
	assert_int_equal(image_qcow2_size(header, QCOW2_HEADER_SIZE, &size), 0);
	assert_int_equal(size, 1 << 30);
}

static void test_what_is_no_qcow2_header_is_refused(void **state)
{
	unsigned char header[IMAGE_HEADER_SIZE] = {};
	uint64_t size = 0;

	(void)state;
	assert_int_equal(image_qcow2_size(header, sizeof(header), &size), -EBADMSG);
	memcpy(header, QCOW2_HEADER, QCOW2_HEADER_SIZE);
	for (size_t length = 0; length < QCOW2_HEADER_SIZE; length++)
		assert_int_equal(image_qcow2_size(header, length, &size), -EBADMSG);
	header[7] = 1;
	assert_int_equal(image_qcow2_size(header, sizeof(header), &size), -EBADMSG);
	header[7] = 4;
	assert_int_equal(image_qcow2_size(header, sizeof(header), &size), -EBADMSG);
	assert_int_equal(size, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_tells_a_format_by_its_ending),
		cmocka_unit_test(test_a_content_tells_a_format_by_its_signature),
		cmocka_unit_test(test_a_qcow2_header_has_the_size_of_the_disk),
		cmocka_unit_test(test_what_is_no_qcow2_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
