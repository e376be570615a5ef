/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the kernel is to scan for disks that it may have lost, on a machine of files. */
#include "guest.h"

#include "lost.h"

/* Target 254, LUN 0. */
#define SDE CONTROLLER "/host2/target2:0:254/2:0:254:0/block/sde"

/* A disk comes and goes. */
static void pass(struct guest *guest, const char *devpath, const char *devnum)
{
	char path[PATH_MAX];

	put_guest_disk(guest, devpath, devnum);
	guest_look(guest, devpath);
	snprintf(path, sizeof(path), "/%s", devpath);
	tracker_remove(&guest->tracker, path, 0);
	snprintf(path, sizeof(path), "dev/%s", strrchr(devpath, '/') + 1);
	assert_int_equal(unlinkat(guest->machine.tree.fd, path, 0), 0);
	json_decref(hear_guest(guest));
	json_decref(hear_guest(guest));
}

static void pass_often(struct guest *guest, int times)
{
	for (int i = 0; i < times; i++)
		pass(guest, SDA, "8:0");
}

/* Nothing tells that the child has written. */
static void await_scan(struct guest *guest, const char *text)
{
	uint64_t end = now_ms() + 20000;

	while (!is_guest_scanned(guest, text)) {
		assert_true(now_ms() < end);
		lost_continue(&guest->tracker);
		usleep(10000);
	}
}

static void test_fewer_than_the_driver_has_room_for_are_none_too_many(void **state)
{
	struct guest *guest = *state;

	pass_often(guest, LOST_EVENTS / 2 - 1);
	assert_true(lost_deadline(&guest->tracker) == UINT64_MAX);
}

static void test_those_of_long_ago_do_not_count(void **state)
{
	struct guest *guest = *state;

	pass_often(guest, LOST_EVENTS / 2 - 1);
	guest->tracker.lost.together_until = now_ms();
	pass_often(guest, 1);
	assert_true(lost_deadline(&guest->tracker) == UINT64_MAX);
}

static void test_after_more_each_target_is_scanned_that_a_disk_has_gone_from(void **state)
{
	struct guest *guest = *state;

	put_guest_scan(guest);
	pass_often(guest, LOST_EVENTS / 2 - 1);
	pass(guest, SDE, "8:64");
	assert_true(guest->tracker.lost.targets[0]);
	guest->tracker.lost.targets[0] = false;
	await_scan(guest, "0 254 -");
	put_guest_scan(guest);
	pass_often(guest, 1);
	assert_false(guest->tracker.lost.targets[254]);
	await_scan(guest, "0 0 -");
	assert_true(lost_deadline(&guest->tracker) == UINT64_MAX);
}

static void test_the_scan_comes_after_the_last_that_goes_but_in_time(void **state)
{
	struct guest *guest = *state;
	struct lost *lost = &guest->tracker.lost;
	uint64_t before;

	pass_often(guest, LOST_EVENTS / 2);
	assert_true(lost->scan_at <= now_ms() + LOST_QUIET_MS);
	lost->scan_at = now_ms();
	before = now_ms();
	pass_often(guest, 1);
	assert_true(lost->scan_at >= before + LOST_QUIET_MS);
	lost->scan_by = before;
	pass_often(guest, 1);
	assert_true(lost->scan_at == before);
}

static void test_a_disk_that_comes_alone_has_nothing_scanned(void **state)
{
	struct guest *guest = *state;

	pass_often(guest, LOST_EVENTS / 2 - 1);
	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	put_guest_disk(guest, SDC, "8:32");
	guest_look(guest, SDC);
	assert_true(lost_deadline(&guest->tracker) == UINT64_MAX);
}

#define GUEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_guest, tear_down_guest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_fewer_than_the_driver_has_room_for_are_none_too_many),
		GUEST_TEST(test_those_of_long_ago_do_not_count),
		GUEST_TEST(test_after_more_each_target_is_scanned_that_a_disk_has_gone_from),
		GUEST_TEST(test_the_scan_comes_after_the_last_that_goes_but_in_time),
		GUEST_TEST(test_a_disk_that_comes_alone_has_nothing_scanned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
