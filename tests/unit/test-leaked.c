/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that libvirt has lost: how long the guest is waited for. */
#include "test.h"

#include "leaked.h"

#define LONG_MS 30000

static void test_nobody_waits_long_for_what_will_not_go(void **state)
{
	static const struct {
		int found;
		bool patient, is_long;
	} cases[] = {
		{ 0, false, true },
		{ 0, true, true },
		{ -EIO, false, false },
		{ -EIO, true, true },
		{ LEAKED_FOREIGN, false, false },
		{ LEAKED_FOREIGN, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t now = now_ms(), deadline = now + LONG_MS, until;

		print_message("%d %d\n", cases[i].found, cases[i].patient);
		until = leaked_await_until(cases[i].found, cases[i].patient, deadline);
		if (cases[i].is_long)
			assert_int_equal(until, deadline);
		else
			assert_in_range(until, now + 1, now_ms() + 1000);
		assert_int_equal(leaked_await_until(cases[i].found, cases[i].patient, now), now);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_waits_long_for_what_will_not_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
