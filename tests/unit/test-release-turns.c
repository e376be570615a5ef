/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Not more disks are released at one time than are of use, in the order of the requests. */
#include "guest.h"

#include "release.h"
#include "turns.h"

#define DISKS 12

/* ---- counting ---- */

static void test_there_are_turns_for_a_few_at_one_time(void **state)
{
	struct turns turns;

	(void)state;
	turns_reset(&turns, 100);
	for (size_t i = 0; i < TURNS_YOUNG_MAX; i++)
		assert_true(turns_take(&turns));
	assert_int_equal(turns_deadline(&turns), UINT64_MAX);
	assert_false(turns_take(&turns));
	assert_in_range(turns_deadline(&turns), now_ms(), now_ms() + TURNS_YOUNG_MS);
}

static void test_who_takes_long_leaves_his_turn_to_others(void **state)
{
	struct turns turns;

	(void)state;
	turns_reset(&turns, TURNS_YOUNG_MAX + 2);
	for (size_t i = 0; i < TURNS_YOUNG_MAX; i++)
		turns_count(&turns, now_ms() - TURNS_YOUNG_MS);
	assert_true(turns_take(&turns));
	assert_true(turns_take(&turns));
	/* There are as many in all as there may be: only an end helps. */
	assert_false(turns_take(&turns));
	assert_int_equal(turns_deadline(&turns), UINT64_MAX);
}

/* ---- releasing ---- */

/* Disks in the slots from 0 whose nodes are files, and a look for their users that never ends:
 * nobody writes to the pipe. */
static int set_up(void **state)
{
	struct guest *guest;

	set_up_guest(state);
	guest = *state;
	for (unsigned i = 0; i < DISKS; i++) {
		char devpath[PATH_MAX], name[32];

		snprintf(devpath, sizeof(devpath),
			CONTROLLER "/host2/target2:0:0/2:0:0:%u/block/sd%c", i, 'a' + i);
		put_disk(&guest->machine, devpath, "0:0");
		put_attribute(&guest->machine, devpath, "diskseq", "0");
		snprintf(name, sizeof(name), "block/sd%c", 'a' + i);
		put_sys_link(&guest->machine.tree, "sys", name, devpath);
		snprintf(name, sizeof(name), "dev/sd%c", 'a' + i);
		put_text(&guest->machine.tree, name, "");
		guest_look(guest, devpath);
		json_decref(hear_guest(guest)); /* disk-added */
	}
	unlinkat(guest->machine.tree.fd, "proc/swaps", 0);
	assert_int_equal(mkfifoat(guest->machine.tree.fd, "proc/swaps", 0600), 0);
	return 0;
}

static void release(struct guest *guest, unsigned first, unsigned end, const char *deadline)
{
	for (unsigned i = first; i < end; i++) {
		char arguments[64];

		snprintf(
			arguments, sizeof(arguments), "{\"slot\":%u,\"deadline\":%s}", i, deadline);
		ask(guest, "release", arguments);
	}
}

static size_t count_taking(const struct guest *guest)
{
	size_t n = 0;

	for (size_t i = 0; i < guest->tracker.inventory.n; i++)
		n += guest->tracker.inventory.entries[i]->state == ENTRY_TAKING;
	return n;
}

static bool all_are_taken(struct guest *guest)
{
	return count_taking(guest) == DISKS;
}

static void test_a_few_disks_are_taken_at_one_time_and_the_agent_answers(void **state)
{
	struct guest *guest = *state;
	uint64_t start = now_ms();

	release(guest, 0, DISKS, "60000");
	ask(guest, "ping", "{}");
	json_decref(hear_guest(guest)); /* the answer to that */
	if (now_ms() - start >= TURNS_YOUNG_MS)
		skip();
	assert_int_equal(count_taking(guest), TURNS_YOUNG_MAX);
	for (size_t i = 0; i < TURNS_YOUNG_MAX; i++)
		assert_int_equal(guest->tracker.inventory.entries[i]->state, ENTRY_TAKING);
}

static void test_disks_that_hang_keep_no_other_waiting(void **state)
{
	struct guest *guest = *state;

	release(guest, 0, DISKS, "60000");
	run_guest_until(guest, all_are_taken);
}

static void test_a_disk_whose_turn_never_came_says_so(void **state)
{
	struct guest *guest = *state;

	release(guest, 0, TURNS_YOUNG_MAX, "60000");
	release(guest, TURNS_YOUNG_MAX, TURNS_YOUNG_MAX + 1, "50");
	check_frame(guest, "error", "desc",
		"\"sde in slot 4 was not begun with: other disks are being released\"");
	assert_int_equal(count_taking(guest), TURNS_YOUNG_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_are_turns_for_a_few_at_one_time),
		cmocka_unit_test(test_who_takes_long_leaves_his_turn_to_others),
#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_guest)
		GUEST_TEST(test_a_few_disks_are_taken_at_one_time_and_the_agent_answers),
		GUEST_TEST(test_disks_that_hang_keep_no_other_waiting),
		GUEST_TEST(test_a_disk_whose_turn_never_came_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
