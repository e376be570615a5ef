/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/arguments.h: members of a request's arguments. */
#include "test.h"

#include "arguments.h"

#define MAX 100

struct number {
	const char *json;
	int r;
	uint64_t value;
};

static const struct number numbers[] = {
	{ "{}", 0, 0 },
	{ "{\"other\":1}", 0, 0 },
	{ "{\"n\":0}", 1, 0 },
	{ "{\"n\":100}", 1, 100 },
	{ "{\"n\":101}", -EBADMSG, 0 },
	{ "{\"n\":-1}", -EBADMSG, 0 },
	{ "{\"n\":-9223372036854775808}", -EBADMSG, 0 },
	{ "{\"n\":9223372036854775807}", -EBADMSG, 0 },
	{ "{\"n\":1.0}", -EBADMSG, 0 },
	{ "{\"n\":\"1\"}", -EBADMSG, 0 },
	{ "{\"n\":true}", -EBADMSG, 0 },
	{ "{\"n\":null}", -EBADMSG, 0 },
	{ "{\"n\":[1]}", -EBADMSG, 0 },
};

static void check_failure(const struct failure *failure, const char *desc)
{
	assert_string_equal(failure->class, HOTSLOT_CLASS_INVALID);
	assert_string_equal(failure->desc, desc);
}

static void test_a_number_is_an_integer_in_its_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		json_t *arguments = json_loads(numbers[i].json, 0, NULL);
		struct failure failure = {};
		uint64_t value = 7;
		int r = argument_number(arguments, "n", MAX, &value, &failure);

		print_message("%s\n", numbers[i].json);
		assert_int_equal(r, numbers[i].r);
		assert_int_equal(value, r > 0 ? numbers[i].value : 7);
		if (r < 0)
			check_failure(&failure, "n is not an integer from 0 to 100");
		json_decref(arguments);
	}
}

static void test_a_required_number_has_to_be_there(void **state)
{
	json_t *arguments = json_loads("{\"n\":3,\"s\":\"3\"}", 0, NULL);
	struct failure failure = {};
	uint64_t value = 7;

	(void)state;
	assert_int_equal(argument_required_number(arguments, "n", MAX, &value, &failure), 1);
	assert_int_equal(value, 3);
	assert_int_equal(argument_required_number(arguments, "m", MAX, &value, &failure), -EBADMSG);
	check_failure(&failure, "m is missing");
	assert_int_equal(argument_required_number(arguments, "s", MAX, &value, &failure), -EBADMSG);
	check_failure(&failure, "s is not an integer from 0 to 100");
	assert_int_equal(argument_required_number(NULL, "n", MAX, &value, &failure), -EBADMSG);
	check_failure(&failure, "n is missing");
	assert_int_equal(value, 3);
	json_decref(arguments);
}

static void test_a_boolean_is_true_or_false(void **state)
{
	json_t *arguments = json_loads("{\"t\":true,\"f\":false,\"n\":1,\"z\":null}", 0, NULL);
	struct failure failure = {};
	bool value = false;

	(void)state;
	assert_int_equal(argument_boolean(arguments, "t", &value, &failure), 1);
	assert_true(value);
	assert_int_equal(argument_boolean(arguments, "none", &value, &failure), 0);
	assert_int_equal(argument_boolean(arguments, "n", &value, &failure), -EBADMSG);
	check_failure(&failure, "n is not true or false");
	assert_int_equal(argument_boolean(arguments, "z", &value, &failure), -EBADMSG);
	assert_true(value);
	assert_int_equal(argument_boolean(arguments, "f", &value, &failure), 1);
	assert_false(value);
	json_decref(arguments);
}

static void test_a_string_is_bounded_in_bytes(void **state)
{
	/* U+00E9 has two. */
	json_t *arguments = json_loads("{\"s\":\"abc\",\"e\":\"ab\\u00e9\",\"n\":1}", 0, NULL);
	struct failure failure = {};
	const char *value = NULL;

	(void)state;
	assert_int_equal(argument_string(arguments, "none", 3, &value, &failure), 0);
	assert_null(value);
	assert_int_equal(argument_string(arguments, "s", 3, &value, &failure), 1);
	assert_string_equal(value, "abc");
	assert_int_equal(argument_string(arguments, "s", 2, &value, &failure), -EBADMSG);
	check_failure(&failure, "s is not a string of at most 2 bytes");
	assert_int_equal(argument_string(arguments, "e", 3, &value, &failure), -EBADMSG);
	assert_int_equal(argument_string(arguments, "n", 3, &value, &failure), -EBADMSG);
	assert_string_equal(value, "abc");
	json_decref(arguments);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_is_an_integer_in_its_range),
		cmocka_unit_test(test_a_required_number_has_to_be_there),
		cmocka_unit_test(test_a_boolean_is_true_or_false),
		cmocka_unit_test(test_a_string_is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
