/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of disks that are gone are looked at once more, when the kernel has removed them. */
#include "test.h"

#include <fcntl.h>

#include "leftovers.h"
#include "util.h"

static void test_they_are_dropped_when_they_have_gone(void **state)
{
	struct leftovers leftovers = {};

	(void)state;
	leftovers_drop(&leftovers, AT_FDCWD);
	leftovers_note(&leftovers, "no/such/directory");
	leftovers_note(&leftovers, ".");
	assert_in_range(leftovers.noted_at, now_ms() - 1000, now_ms());
	leftovers.noted_at = now_ms() + 60000;
	leftovers_drop(&leftovers, AT_FDCWD);
	assert_int_equal(leftovers.n, 2);
	leftovers.noted_at = now_ms() - LEFTOVERS_MS;
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
