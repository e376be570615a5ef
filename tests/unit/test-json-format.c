/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/json-format.h: what it writes is what jansson does. */
#include "test.h"

#include "json-format.h"

/* Deeper than this, values have no members. */
#define DEPTH_MAX 6
#define TREES 2000

static void check(json_t *value)
{
	_cleanup_free_ char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	_cleanup_free_ char *text = NULL;
	size_t length;

	assert_non_null(expected);
	assert_int_equal(json_format(value, &text, &length), 0);
	text[length] = text[length + 1] = '\0'; /* there is room */
	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
	json_decref(value);
}

static void test_simple_values(void **state)
{
	static const json_int_t integers[] = { 0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN,
		UINT32_MAX };
	static const double reals[] = { 0.0, -0.5, 1e300, 1.0 / 3, -2.0 };

	(void)state;
	check(json_null());
	check(json_true());
	check(json_false());
	check(json_array());
	check(json_object());
	for (size_t i = 0; i < ARRAY_SIZE(integers); i++)
		check(json_integer(integers[i]));
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++)
		check(json_real(reals[i]));
}

static void test_each_byte_of_a_text(void **state)
{
	(void)state;
	for (int byte = 0; byte < 0x80; byte++) {
		const char text[] = { 'a', (char)byte, 'z' };

		check(json_stringn(text, sizeof(text)));
	}
	check(json_string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe /"));
	check(json_string(""));
}

static void test_a_long_text(void **state)
{
	char text[5000];

	(void)state;
	for (size_t length = 0; length < sizeof(text); length += 7) {
		memset(text, length % 2 ? 'x' : '\x01', length);
		check(json_stringn(text, length));
	}
}

static json_t *make_string(void)
{
	static const char *const pieces[] = { "a", "\"", "\\", "\n", "\x1f", "\x7f", "/",
		"\xc3\xa9", "\xf0\x9f\x92\xbe", "/dev/disk/by-slot/" };
	char text[256] = "";

	for (long n = random() % 8; n > 0; n--)
		strcat(text, pieces[(size_t)random() % ARRAY_SIZE(pieces)]);
	return json_string(text);
}

static json_t *make_value(unsigned depth)
{
	json_t *value, *key;

	switch (random() % (depth < DEPTH_MAX ? 8 : 6)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(random() % 2);
	case 2:
		return json_integer(random() - random());
	case 3:
		return json_real((double)random() / 7);
	case 4:
	case 5:
		return make_string();
	case 6:
		value = json_array();
		for (long n = random() % 5; n > 0; n--)
			assert_int_equal(json_array_append_new(value, make_value(depth + 1)), 0);
		return value;
	default:
		value = json_object();
		for (long n = random() % 5; n > 0; n--) {
			key = make_string();
			assert_int_equal(json_object_set_new(value, json_string_value(key),
						 make_value(depth + 1)),
				0);
			json_decref(key);
		}
		return value;
	}
}

static void test_trees(void **state)
{
	(void)state;
	srandom(1);
	for (unsigned i = 0; i < TREES; i++)
		check(make_value(0));
}

static void test_nothing_is_no_json(void **state)
{
	char *text = NULL;
	size_t length;

	(void)state;
	assert_int_equal(json_format(NULL, &text, &length), -EINVAL);
	assert_null(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_values),
		cmocka_unit_test(test_each_byte_of_a_text),
		cmocka_unit_test(test_a_long_text),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_nothing_is_no_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
