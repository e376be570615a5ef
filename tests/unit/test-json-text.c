/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/common/json-text.h: the same text as jansson's. */
#include "test.h"

#include "json-text.h"

static void check(json_t *value)
{
	_cleanup_free_ char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	char text[512];
	size_t length = json_format(value, text, sizeof(text));

	assert_non_null(expected);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(text, expected, length);
	json_decref(value);
}

static void test_every_type_is_written_as_jansson_does(void **state)
{
	(void)state;
	check(json_null());
	check(json_true());
	check(json_false());
	check(json_integer(0));
	check(json_integer(-1));
	check(json_integer(INT64_MAX));
	check(json_integer(INT64_MIN));
	check(json_real(0.1));
	check(json_real(-1.7976931348623157e+308));
	check(json_string(""));
	check(json_array());
	check(json_object());
	check(json_pack("[i, [], {}, [[n]], {s:[b]}]", 1, "a", 1));
	check(json_pack("{s:i, s:{s:s, s:n}, s:[i, i]}", "z", 1, "a", "b", "c", "d", "m", 1, 2));
}

static void test_every_byte_of_a_text_is_written_as_jansson_does(void **state)
{
	char all[128];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	check(json_stringn(all, sizeof(all)));
	check(json_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	check(json_pack("{s:s}", "a\"\\\n\x01", "vol\\x207"));
}

static void test_what_does_not_fit_is_only_counted(void **state)
{
	json_t *value = json_pack("{s:[i, s]}", "key", 4711, "text");
	char text[sizeof("{\"key\":[4711,\"text\"]}")];
	const size_t length = sizeof(text) - 1;

	(void)state;
	assert_int_equal(json_format(value, NULL, 0), length);
	for (size_t size = 0; size <= length; size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(json_format(value, text, size), length);
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], '#');
	}
	assert_memory_equal(text, "{\"key\":[4711,\"text\"]}#", sizeof(text));
	json_decref(value);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type_is_written_as_jansson_does),
		cmocka_unit_test(test_every_byte_of_a_text_is_written_as_jansson_does),
		cmocka_unit_test(test_what_does_not_fit_is_only_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
