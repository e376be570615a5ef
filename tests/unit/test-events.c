/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is made of libvirt's events of a domain: whether a session in its guest is over. */
#include "test.h"

#include "events.h"

/* libvirt says of a domain that it has stopped and started anew that it went on from a snapshot. It
 * may be some time after a session was begun. */
static void test_what_goes_on_once_it_has_started_has_not_gone_back(void **state)
{
	struct events *events = events_new();
	unsigned signs;

	(void)state;
	events_started(events);
	signs = events->signs;
	events_rewound(events);
	assert_int_equal(events_boots(events), 0);
	assert_int_equal(events->signs, signs + 1);
	events_unref(events);
}

static void test_what_runs_and_goes_on_from_a_snapshot_has_gone_back(void **state)
{
	struct events *events = events_new();

	(void)state;
	events_rewound(events);
	assert_int_equal(events_boots(events), 1);
	events_started(events);
	events_paused(events);
	assert_int_equal(events_boots(events), 1);
	events_rewound(events);
	assert_int_equal(events_boots(events), 2);
	events_unref(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_on_once_it_has_started_has_not_gone_back),
		cmocka_unit_test(test_what_runs_and_goes_on_from_a_snapshot_has_gone_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
