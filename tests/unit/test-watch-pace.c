/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a watcher does what others could have it do without end or pause. */
#include "test.h"

#include "watch-pace.h"

#define START 1000000

/* What a swap of two watchers takes on top of the wait: the politeness of who comes. */
#define POLITE_MS 1000

static void test_what_there_is_is_read_for_a_quarter_of_the_time(void **state)
{
	struct watch_pace pace = {};

	(void)state;
	watch_pace_looked(&pace, START, START + 1000);
	assert_int_equal(pace.look_after, START + 4000);
	watch_pace_read(&pace, START, START + 10);
	assert_int_equal(pace.xml_after, START + 40);
	/* However fast the agent answers. */
	watch_pace_looked(&pace, START, START);
	assert_int_equal(pace.look_after, START + PACE_LOOK_MIN_MS);
}

static void test_trouble_is_met_at_once_and_then_ever_later_until_there_is_peace(void **state)
{
	static const uint64_t pauses[] = { 0, 250, 500, 1000, 2000, 4000, 5000, 5000 };
	struct watch_pace pace = {};
	uint64_t now = START;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pauses); i++) {
		watch_pace_trouble(&pace, now);
		assert_int_equal(pace.retry_at, now + pauses[i]);
		now = pace.retry_at + 1;
	}
	now += PACE_PEACE_MS;
	watch_pace_trouble(&pace, now);
	assert_int_equal(pace.retry_at, now);
}

/* Two watchers that take the session from each other until UNTIL; returns how often. */
static unsigned swap(struct watch_pace pace[static 2], uint64_t *now, uint64_t until)
{
	unsigned n = 0;

	for (; *now < until; n++) {
		watch_pace_opened(&pace[n % 2], true, *now);
		*now = (n > 0 ? pace[(n + 1) % 2].retry_at : *now) + POLITE_MS;
		watch_pace_yielded(&pace[n % 2], *now);
	}
	return n;
}

static void test_two_that_are_idle_take_the_agent_from_each_other_ever_later(void **state)
{
	struct watch_pace pace[2] = {};
	uint64_t now = START;

	(void)state;
	assert_in_range(swap(pace, &now, START + 60000), 8, 20);
	swap(pace, &now, START + 120000);
	assert_in_range(swap(pace, &now, START + 420000), 8, 20);
}

static void test_what_changes_has_them_come_back_soon(void **state)
{
	struct watch_pace pace = {};

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		watch_pace_opened(&pace, true, START);
		watch_pace_yielded(&pace, START);
	}
	assert_int_equal(pace.retry_at, START + PACE_YIELD_MAX_MS);
	/* A device came or went. */
	watch_pace_hurry(&pace, START);
	assert_int_equal(pace.retry_at, START + PACE_YIELD_MIN_MS);
	watch_pace_yielded(&pace, START);
	assert_int_equal(pace.retry_at, START + PACE_YIELD_MIN_MS);
	watch_pace_yielded(&pace, START);
	assert_int_equal(pace.retry_at, START + 2 * PACE_YIELD_MIN_MS);
	/* It was told of a change. */
	watch_pace_changed(&pace);
	watch_pace_yielded(&pace, START);
	assert_int_equal(pace.retry_at, START + PACE_YIELD_MIN_MS);
}

static void test_commands_now_and_then_are_given_no_more_time(void **state)
{
	struct watch_pace pace = {};
	uint64_t now = START;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		watch_pace_opened(&pace, true, now);
		now += 2 * PACE_SWAP_MS;
		watch_pace_yielded(&pace, now);
		assert_int_equal(pace.retry_at, now + PACE_YIELD_MIN_MS);
	}
	/* A device is no reason to hurry to an agent that is not there. */
	watch_pace_trouble(&pace, now);
	watch_pace_trouble(&pace, now);
	watch_pace_hurry(&pace, now);
	assert_int_equal(pace.retry_at, now + PACE_RETRY_MIN_MS);
}

static void test_who_cannot_be_asked_lets_others_in(void **state)
{
	struct watch_pace pace = {};

	(void)state;
	watch_pace_opened(&pace, true, START);
	assert_true(pace.share_at == UINT64_MAX);
	watch_pace_opened(&pace, false, START);
	assert_int_equal(pace.share_at, START + PACE_SHARE_EVERY_MS);
	watch_pace_shared(&pace, START);
	assert_int_equal(pace.retry_at, START + PACE_SHARE_MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_there_is_is_read_for_a_quarter_of_the_time),
		cmocka_unit_test(
			test_trouble_is_met_at_once_and_then_ever_later_until_there_is_peace),
		cmocka_unit_test(test_two_that_are_idle_take_the_agent_from_each_other_ever_later),
		cmocka_unit_test(test_what_changes_has_them_come_back_soon),
		cmocka_unit_test(test_commands_now_and_then_are_given_no_more_time),
		cmocka_unit_test(test_who_cannot_be_asked_lets_others_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
