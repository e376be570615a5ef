/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/checker.h: what becomes of disks that do not say who they are. */
#include "guest.h"

#include <signal.h>

#include "checker.h"

/* The disk in slot 3; it has come long before anything is asked. */
static struct entry *put(struct guest *guest, const char *devpath, const char *devnum)
{
	struct entry *entry;

	put_guest_disk(guest, devpath, devnum);
	guest_look(guest, devpath);
	json_decref(hear_guest(guest)); /* disk-added */
	entry = inventory_find_devpath(&guest->tracker.inventory, devpath);
	assert_non_null(entry);
	entry->added_at = 0;
	return entry;
}

/* ---- how disks answer: as fresh_read(), in a child ---- */

static enum fresh_result refuse(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	(void)dev_dir, (void)sysfd, (void)disk, (void)was_reset;
	return FRESH_UNKNOWN;
}

static enum fresh_result answer(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	(void)dev_dir, (void)sysfd, (void)disk, (void)was_reset;
	return FRESH_SAME;
}

/* The first time only. */
static enum fresh_result refuse_once(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	char path[PATH_MAX];

	(void)sysfd, (void)disk, (void)was_reset;
	snprintf(path, sizeof(path), "%s/asked", dev_dir);
	return mkdir(path, 0700) == 0 ? FRESH_UNKNOWN : FRESH_SAME;
}

static enum fresh_result die(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	(void)dev_dir, (void)sysfd, (void)disk, (void)was_reset;
	raise(SIGKILL);
	return FRESH_SAME;
}

/* The first time; then each disk leaves a note of what its child was told. */
static enum fresh_result die_once(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	char path[PATH_MAX];

	if (refuse_once(dev_dir, sysfd, disk, was_reset) == FRESH_UNKNOWN)
		raise(SIGKILL);
	snprintf(path, sizeof(path), "%s/reset-%u", dev_dir, disk->slot);
	if (was_reset)
		mkdir(path, 0700);
	return FRESH_SAME;
}

/* The disk in slot 3 does, those behind it answer. */
static enum fresh_result hang(
	const char *dev_dir, int sysfd, const struct disk *disk, bool was_reset)
{
	(void)dev_dir, (void)sysfd, (void)was_reset;
	if (disk->slot == 3)
		pause();
	return FRESH_SAME;
}

/* ---- */

#define SILENT "\"sda in slot 3 does not answer\""

static void test_a_disk_that_refuses_to_answer_is_not_confirmed(void **state)
{
	struct guest *guest = *state;

	guest->tracker.checker.ask = refuse;
	put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3,\"deadline\":300}");
	check_frame(guest, "error", "desc", SILENT);
}

static void test_a_disk_whose_child_is_killed_is_not_confirmed(void **state)
{
	struct guest *guest = *state;

	guest->tracker.checker.ask = die;
	put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3,\"deadline\":300}");
	check_frame(guest, "error", "desc", SILENT);
}

/* It may be the deadline that comes first. */
static void test_a_disk_that_hangs_is_not_confirmed(void **state)
{
	struct guest *guest = *state;

	guest->tracker.checker.ask = hang;
	put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3,\"deadline\":300}");
	check_frame(guest, "error", "desc", SILENT);
}

static void test_a_disk_is_asked_again_while_somebody_waits(void **state)
{
	struct guest *guest = *state;
	uint64_t start = now_ms();

	guest->tracker.checker.ask = refuse_once;
	put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3}");
	check_frame(guest, "return", "slot", "3");
	assert_true(now_ms() >= start + CHECKER_RETRY_MS);
}

/* Nobody knows how long the one before has waited. */
static void test_who_asks_anew_does_not_wait_for_the_next_try(void **state)
{
	struct guest *guest = *state;
	struct entry *entry;

	guest->tracker.checker.ask = refuse;
	entry = put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3,\"deadline\":300}");
	check_frame(guest, "error", "desc", SILENT);
	entry->check_at = now_ms() + 3600 * 1000;
	guest->tracker.checker.ask = answer;
	ask(guest, "expect", "{\"slot\":3}");
	check_frame(guest, "return", "slot", "3");
	assert_int_equal(entry->checks_given_up, 0);
}

/* Each try would leave one more child behind. */
static void test_one_that_hangs_is_not_asked_more_often_for_many(void **state)
{
	struct guest *guest = *state;
	struct entry *entry;
	uint64_t next;

	guest->tracker.checker.ask = hang;
	entry = put(guest, SDA, "8:0");
	ask(guest, "expect", "{\"slot\":3,\"deadline\":1500}");
	check_frame(guest, "error", "desc", SILENT);
	next = entry->check_at = now_ms() + 3600 * 1000;
	ask(guest, "expect", "{\"slot\":3,\"deadline\":100}");
	check_frame(guest, "error", "desc", SILENT);
	assert_false(entry->checking);
	assert_int_equal(entry->check_at, next);
}

static bool is_settled(struct guest *guest)
{
	return !inventory_find_place(&guest->tracker.inventory, 3)->checking;
}

static void test_nobody_waits_and_a_disk_is_left_alone_after_some_tries(void **state)
{
	struct guest *guest = *state;
	struct entry *entry;

	guest->tracker.checker.ask = refuse;
	entry = put(guest, SDA, "8:0");
	entry->check_wanted = true;
	inventory_note_busy(entry);
	for (unsigned i = 0; i <= CHECKER_RETRIES_MAX; i++) {
		assert_true(checker_deadline(&guest->tracker) != UINT64_MAX);
		entry->check_at = 0;
		checker_continue(&guest->tracker);
		assert_true(entry->checking);
		run_guest_until(guest, is_settled);
	}
	assert_true(checker_deadline(&guest->tracker) == UINT64_MAX);
	assert_int_equal(entry->checked_at, 0);
}

static bool is_the_other_checked(struct guest *guest)
{
	return inventory_find_place(&guest->tracker.inventory, 4)->checked_at > 0;
}

static void test_those_behind_one_that_hangs_are_asked_though_nobody_waits(void **state)
{
	struct guest *guest = *state;

	guest->tracker.checker.ask = hang;
	put(guest, SDA, "8:0");
	put(guest, SDC, "8:32");
	guest->tracker.checker.due_by = now_ms();
	run_guest_until(guest, is_the_other_checked);
	assert_int_equal(inventory_find_place(&guest->tracker.inventory, 3)->checked_at, 0);
}

/* DISKS have come or gone, and nothing was heard for longer than disks are asked after. */
static void hear_slowly(struct guest *guest, unsigned disks)
{
	for (unsigned i = 0; i < disks; i++) {
		checker_note_event(&guest->tracker);
		guest->tracker.checker.quiet_at = 0;
		checker_continue(&guest->tracker);
	}
}

static void test_all_are_asked_after_a_burst_though_a_busy_guest_hears_of_it_slowly(void **state)
{
	struct guest *guest = *state;
	const struct entry *entry = put(guest, SDA, "8:0");

	hear_slowly(guest, CHECKER_BURST - 1);
	assert_false(entry->checking);
	hear_slowly(guest, 1);
	assert_true(entry->checking);
	run_guest_until(guest, is_settled);
	/* What comes long after them is another one. */
	guest->tracker.checker.together_until = 0;
	hear_slowly(guest, CHECKER_BURST - 1);
	assert_false(entry->checking);
	hear_slowly(guest, 1);
	assert_true(entry->checking);
}

static void test_a_reset_is_not_forgotten_by_a_child_that_dies(void **state)
{
	struct guest *guest = *state;
	struct entry *entry = put(guest, SDA, "8:0");

	guest->tracker.checker.ask = die_once;
	checker_note_reset(entry, UINT64_MAX);
	checker_note_reset(put(guest, SDC, "8:32"), UINT64_MAX);
	run_guest_until(guest, is_the_other_checked);
	entry->check_at = 0;
	checker_continue(&guest->tracker);
	run_guest_until(guest, is_settled);
	assert_int_equal(faccessat(guest->machine.tree.fd, "dev/reset-3", F_OK, 0), 0);
	assert_int_equal(faccessat(guest->machine.tree.fd, "dev/reset-4", F_OK, 0), 0);
}

#define GUEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_a_disk_that_refuses_to_answer_is_not_confirmed),
		GUEST_TEST(test_a_disk_whose_child_is_killed_is_not_confirmed),
		GUEST_TEST(test_a_disk_that_hangs_is_not_confirmed),
		GUEST_TEST(test_a_disk_is_asked_again_while_somebody_waits),
		GUEST_TEST(test_who_asks_anew_does_not_wait_for_the_next_try),
		GUEST_TEST(test_one_that_hangs_is_not_asked_more_often_for_many),
		GUEST_TEST(test_nobody_waits_and_a_disk_is_left_alone_after_some_tries),
		GUEST_TEST(test_those_behind_one_that_hangs_are_asked_though_nobody_waits),
		GUEST_TEST(test_all_are_asked_after_a_burst_though_a_busy_guest_hears_of_it_slowly),
		GUEST_TEST(test_a_reset_is_not_forgotten_by_a_child_that_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
