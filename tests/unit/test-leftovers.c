/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of disks that are gone are looked at once more, when the kernel has removed them. */
#include "test.h"

#include <fcntl.h>
#include <time.h>

#include "leftovers.h"

static void wait_ms(unsigned ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

static void test_they_are_dropped_when_they_have_gone(void **state)
{
	struct leftovers leftovers = {};

	(void)state;
	leftovers_drop(&leftovers, AT_FDCWD);
	leftovers_note(&leftovers, "no/such/directory");
	leftovers_note(&leftovers, ".");
	leftovers_drop(&leftovers, AT_FDCWD);
	assert_int_equal(leftovers.n, 2);
	wait_ms(LEFTOVERS_MS + 1);
	leftovers_drop(&leftovers, AT_FDCWD);
	assert_int_equal(leftovers.n, 0);
}

static void test_no_more_are_noted_than_there_is_room_for(void **state)
{
	struct leftovers leftovers = {};

	(void)state;
	for (size_t i = 0; i < LEFTOVERS_MAX + 2; i++)
		leftovers_note(&leftovers, "a");
	assert_int_equal(leftovers.n, LEFTOVERS_MAX);
	leftovers_done(&leftovers);
	assert_int_equal(leftovers.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_they_are_dropped_when_they_have_gone),
		cmocka_unit_test(test_no_more_are_noted_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
