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

static bool is_due(const struct guest *guest)
{
	return lost_deadline(&guest->tracker) != UINT64_MAX;
}

/* Each counts for three. */
#define TOO_FEW ((LOST_EVENTS - 1) / 3)
#define ENOUGH (TOO_FEW + 1)

static void test_few_disks_have_nothing_scanned(void **state)
{
	struct guest *guest = *state;

	pass_often(guest, TOO_FEW);
	assert_false(is_due(guest));
}

static void test_those_of_long_ago_do_not_count(void **state)
{
	struct guest *guest = *state;

	pass_often(guest, TOO_FEW);
	guest->tracker.lost.together_until = now_ms();
	pass_often(guest, TOO_FEW);
	assert_false(is_due(guest));
}

/* Nobody is left to be asked. */
static void test_after_more_each_target_is_scanned_that_a_disk_has_gone_from(void **state)
{
	struct guest *guest = *state;

	put_guest_scan(guest);
	pass_often(guest, TOO_FEW);
	pass(guest, SDE, "8:64");
	assert_true(guest->tracker.lost.targets[0]);
	guest->tracker.lost.targets[0] = false;
	await_scan(guest, "0 254 -");
	assert_false(is_due(guest));
	put_guest_scan(guest);
	pass_often(guest, ENOUGH);
	await_scan(guest, "0 0 -");
}

static void test_a_target_of_long_ago_is_not_scanned_again(void **state)
{
	struct guest *guest = *state;

	put_guest_scan(guest);
	pass_often(guest, ENOUGH);
	await_scan(guest, "0 0 -");
	assert_false(guest->tracker.lost.targets[0]);
}

static void test_the_scan_comes_after_the_last_that_passes_but_in_time(void **state)
{
	struct guest *guest = *state;
	struct lost *lost = &guest->tracker.lost;
	uint64_t before;

	pass_often(guest, ENOUGH);
	assert_true(lost->scan_at <= now_ms() + LOST_QUIET_MS);
	lost->scan_at = now_ms();
	before = now_ms();
	pass_often(guest, 1);
	assert_true(lost->scan_at >= before + LOST_QUIET_MS);
	lost->scan_by = before;
	pass_often(guest, 1);
	assert_true(lost->scan_at == before);
	/* And the next one has its own time. */
	put_guest_scan(guest);
	await_scan(guest, "0 0 -");
	before = now_ms();
	pass_often(guest, ENOUGH);
	assert_true(lost->scan_at >= before + LOST_QUIET_MS);
}

/* Somebody deletes whatever is found. */
static void test_one_scan_after_another_takes_longer_each_time(void **state)
{
	struct guest *guest = *state;
	struct lost *lost = &guest->tracker.lost;
	uint64_t wait = LOST_QUIET_MS;

	put_guest_scan(guest);
	for (unsigned i = 0; i < LOST_DOUBLINGS_MAX + 2; i++) {
		uint64_t before = now_ms();

		pass_often(guest, TOO_FEW);
		assert_false(is_due(guest));
		pass_often(guest, 1);
		assert_in_range(lost->scan_at, before + wait, now_ms() + wait);
		lost->scan_at = now_ms();
		await_scan(guest, "0 0 -");
		put_guest_scan(guest);
		if (i < LOST_DOUBLINGS_MAX)
			wait *= 2;
	}
	lost->scanned_at -= LOST_SOON_MS;
	pass_often(guest, ENOUGH);
	assert_true(lost->scan_at <= now_ms() + LOST_QUIET_MS);
}

/* It tells of no others as long as it is. */
static void test_a_target_whose_first_disk_is_released_is_scanned_after_that(void **state)
{
	struct guest *guest = *state;
	struct lost *lost = &guest->tracker.lost;
	struct entry *first;

	put_guest_scan(guest);
	put_guest_disk(guest, SDE, "8:64");
	guest_look(guest, SDE);
	json_decref(hear_guest(guest));
	first = inventory_find_place(&guest->tracker.inventory, 254 * 256);
	assert_non_null(first);
	first->state = ENTRY_RELEASED;
	pass_often(guest, ENOUGH);
	lost->scan_at = now_ms();
	await_scan(guest, "0 0 -");
	assert_false(is_due(guest));
	lost_continue(&guest->tracker);
	assert_false(is_due(guest));
	assert_true(lost->targets[254]);
	lost->together_until = 0;
	tracker_remove(&guest->tracker, "/" SDE, 0);
	lost_continue(&guest->tracker);
	assert_true(is_due(guest));
	put_guest_scan(guest);
	await_scan(guest, "0 254 -");
	lost_continue(&guest->tracker);
	assert_false(is_due(guest));
}

/* The kernel takes no more jobs: each is a pipe that nobody reads. */
static void test_a_scan_that_cannot_begin_is_tried_again_and_later_each_time(void **state)
{
	struct guest *guest = *state;
	struct lost *lost = &guest->tracker.lost;
	uint64_t wait = LOST_QUIET_MS;
	int scan = put_guest_pipe(guest, SCAN_DIRECTORY, "scan");

	put_sys_link(&guest->machine.tree, "sys", "class/scsi_host/host2", SCAN_DIRECTORY);
	close(scan);
	pass_often(guest, ENOUGH);
	lost->scan_at = now_ms();
	lost_continue(&guest->tracker);
	assert_false(is_due(guest));
	for (unsigned i = 0; i < LOST_RETRIES_MAX; i++, wait *= 2) {
		uint64_t before = now_ms();

		pass_often(guest, i == 0);
		lost->scan_at = before;
		lost_continue(&guest->tracker);
		assert_in_range(lost->scan_at, before + wait, now_ms() + wait);
		assert_true(lost->targets[0]);
	}
	lost->scan_at = now_ms();
	lost_continue(&guest->tracker);
	assert_false(is_due(guest));
	scan = openat(guest->machine.tree.fd, "sys/" SCAN_DIRECTORY "/scan", O_RDWR | O_CLOEXEC);
	assert_true(scan >= 0);
	close(scan);
}

#define GUEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_guest, tear_down_guest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_few_disks_have_nothing_scanned),
		GUEST_TEST(test_those_of_long_ago_do_not_count),
		GUEST_TEST(test_after_more_each_target_is_scanned_that_a_disk_has_gone_from),
		GUEST_TEST(test_a_target_of_long_ago_is_not_scanned_again),
		GUEST_TEST(test_one_scan_after_another_takes_longer_each_time),
		GUEST_TEST(test_the_scan_comes_after_the_last_that_passes_but_in_time),
		GUEST_TEST(test_a_target_whose_first_disk_is_released_is_scanned_after_that),
		GUEST_TEST(test_a_scan_that_cannot_begin_is_tried_again_and_later_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
