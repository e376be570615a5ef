/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/resets.h: that what it hears can wait while a disk is expected, and no longer. */
#include "guest.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "pending.h"
#include "resets.h"

/* However long this test is kept waiting, that is not over. */
#define LONG_MS 100000

struct listener {
	struct loop loop;
	struct tracker tracker;
	struct resets resets;
	int kernel;
};

/* With something to hear. */
static int set_up(void **state)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(loop_open(&listener->loop), 0);
	listener->tracker.loop = &listener->loop;
	listener->kernel = ends[1];
	listener->resets = (struct resets){
		.tracker = &listener->tracker,
		.source = { .fd = ends[0] },
	};
	assert_int_equal(loop_add(&listener->loop, &listener->resets.source, EPOLLIN), 0);
	assert_int_equal(send(listener->kernel, "change", 6, 0), 6);
	*state = listener;
	return 0;
}

static int tear_down(void **state)
{
	struct listener *listener = *state;

	resets_close(&listener->resets);
	loop_close(&listener->loop);
	close(listener->kernel);
	free(listener);
	return 0;
}

static bool hears(const struct listener *listener)
{
	struct epoll_event event;

	return epoll_wait(listener->loop.epoll, &event, 1, 0) == 1;
}

static void test_it_hears_at_once_when_no_disk_is_expected(void **state)
{
	struct listener *listener = *state;

	assert_true(hears(listener));
	resets_continue(&listener->resets, 0);
	assert_true(hears(listener));
	assert_true(resets_deadline(&listener->resets) == UINT64_MAX);
}

static void test_it_hears_later_while_one_is_expected(void **state)
{
	struct listener *listener = *state;
	uint64_t expected_at = now_ms() + LONG_MS;

	resets_continue(&listener->resets, expected_at);
	assert_false(hears(listener));
	assert_true(resets_deadline(&listener->resets) == expected_at + RESETS_PUT_OFF_MS);
	resets_continue(&listener->resets, 0);
	assert_true(hears(listener));
	assert_true(resets_deadline(&listener->resets) == UINT64_MAX);
}

static void test_it_does_not_wait_longer_for_one_that_does_not_come(void **state)
{
	struct listener *listener = *state;

	resets_continue(&listener->resets, now_ms() + LONG_MS);
	assert_false(hears(listener));
	resets_continue(&listener->resets, now_ms() - RESETS_PUT_OFF_MS);
	assert_true(hears(listener));
	assert_true(resets_deadline(&listener->resets) == UINT64_MAX);
}

static void expect(struct guest *guest, unsigned place)
{
	_cleanup_(json_decrefp) json_t *number = json_integer(place);
	struct pending wait = {
		.kind = PENDING_EXPECT,
		.id = number,
		.deadline = UINT64_MAX,
		.look_at = UINT64_MAX,
		.place = place,
		.size = UINT64_MAX,
		.read_only = -1,
	};
	struct failure failure = {};

	assert_int_equal(pending_add(&guest->server, &wait, &failure), 0);
}

static void test_the_last_who_waits_for_a_disk_counts(void **state)
{
	struct guest *guest = *state;
	uint64_t begun;

	assert_true(pending_expected_at(&guest->server) == 0);
	begun = now_ms();
	expect(guest, 3);
	assert_true(pending_expected_at(&guest->server) >= begun);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = 5000000 }, NULL);
	begun = now_ms();
	assert_true(pending_expected_at(&guest->server) < begun);
	expect(guest, 4);
	assert_true(pending_expected_at(&guest->server) >= begun);
	pending_drop_all(&guest->server);
	assert_true(pending_expected_at(&guest->server) == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_it_hears_at_once_when_no_disk_is_expected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_it_hears_later_while_one_is_expected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_it_does_not_wait_longer_for_one_that_does_not_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_last_who_waits_for_a_disk_counts, set_up_guest, tear_down_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
