/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to requests that were sent early are kept, each for its own, and no others. */
#include "test.h"

#include "answers.h"

static json_t *frame(int number)
{
	return json_pack("{s:i}", "id", number);
}

static int number_of(json_t *json)
{
	int number = json ? (int)json_integer_value(json_object_get(json, "id")) : -1;

	json_decref(json);
	return number;
}

static void put(struct answers *answers, json_int_t id, int number)
{
	json_t *json = frame(number);

	answers_put(answers, id, json, (uint64_t)number);
	json_decref(json);
}

static void test_each_answer_is_that_of_its_request(void **state)
{
	struct answers answers = {};
	uint64_t came = 0;

	(void)state;
	for (int id = 1; id <= 3; id++)
		assert_int_equal(answers_expect(&answers, id), 0);
	put(&answers, 2, 20);
	put(&answers, 1, 10);
	assert_int_equal(number_of(answers_take(&answers, 1, &came)), 10);
	assert_int_equal(came, 10);
	assert_int_equal(number_of(answers_take(&answers, 2, &came)), 20);
	assert_int_equal(number_of(answers_take(&answers, 3, &came)), -1);
	assert_int_equal(answers.count, 0);
}

static void test_what_nobody_expects_is_not_kept(void **state)
{
	struct answers answers = {};
	uint64_t came = 0;

	(void)state;
	put(&answers, 7, 70);
	assert_int_equal(answers_expect(&answers, 7), 0);
	assert_int_equal(number_of(answers_take(&answers, 7, &came)), -1);
	put(&answers, 7, 70);
	assert_int_equal(number_of(answers_take(&answers, 7, &came)), -1);
}

static void test_the_first_answer_counts(void **state)
{
	struct answers answers = {};
	uint64_t came = 0;

	(void)state;
	assert_int_equal(answers_expect(&answers, 7), 0);
	put(&answers, 7, 70);
	put(&answers, 7, 71);
	assert_int_equal(number_of(answers_take(&answers, 7, &came)), 70);
}

static void test_no_more_are_kept_than_there_is_room_for(void **state)
{
	struct answers answers = {};
	uint64_t came = 0;

	(void)state;
	for (int id = 1; id <= ANSWERS_MAX; id++) {
		assert_int_equal(answers_expect(&answers, id), 0);
		put(&answers, id, id);
	}
	assert_int_equal(answers_expect(&answers, ANSWERS_MAX + 1), -ENOBUFS);
	assert_int_equal(number_of(answers_take(&answers, 1, &came)), 1);
	assert_int_equal(answers_expect(&answers, ANSWERS_MAX + 1), 0);
	answers_clear(&answers);
	assert_int_equal(answers.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_answer_is_that_of_its_request),
		cmocka_unit_test(test_what_nobody_expects_is_not_kept),
		cmocka_unit_test(test_the_first_answer_counts),
		cmocka_unit_test(test_no_more_are_kept_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
