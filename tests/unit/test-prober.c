/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/prober.h: every disk is looked at in time, whatever happens to the others. */
#include "guest.h"

#include "prober.h"

/* A file for a node: devnum 0:0 and diskseq 0 are what a file has. */
static struct entry *put_file_disk(struct guest *guest, const char *devpath, uint32_t place)
{
	char node[32];

	put_disk(&guest->machine, devpath, "0:0");
	put_attribute(&guest->machine, devpath, "diskseq", "0");
	snprintf(node, sizeof(node), "dev/%s", strrchr(devpath, '/') + 1);
	put_text(&guest->machine.tree, node, "");
	guest_look(guest, devpath);
	return inventory_find_place(&guest->tracker.inventory, place);
}

static void test_who_writes_all_the_time_holds_nobody_up(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	uint64_t start = now_ms();
	struct entry *busy, *other;

	tracker->probing = true;
	busy = put_file_disk(guest, SDA, 3);
	other = put_file_disk(guest, SDC, 4);
	busy->look_by = 0;
	while (!other->probe && now_ms() < start + PROBE_ARRIVALS_MAX_MS / 2) {
		prober_look(tracker, busy);
		prober_continue(tracker, false);
	}
	assert_non_null(other->probe);
	/* Nor does he hold up the look at what he writes. */
	while (!busy->probe && now_ms() < start + PROBE_ARRIVALS_MAX_MS / 2) {
		prober_look(tracker, busy);
		prober_continue(tracker, false);
	}
	assert_non_null(busy->probe);
}

static void test_disks_that_come_hold_up_a_look_but_not_for_ever(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	struct entry *entry;

	tracker->probing = true;
	entry = put_file_disk(guest, SDA, 3);
	tracker->quiet_at = now_ms() + 3600 * 1000;
	prober_continue(tracker, false);
	assert_null(entry->probe);
	assert_true(prober_deadline(tracker) <= now_ms() + PROBE_ARRIVALS_MAX_MS);
	/* That time has come. */
	entry->look_by = now_ms();
	prober_continue(tracker, false);
	assert_non_null(entry->probe);
}

static void test_a_look_that_fails_is_tried_again_and_not_for_ever(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	struct entry *entry;

	tracker->probing = true;
	entry = put_file_disk(guest, SDA, 3);
	/* More than can be looked at. */
	free(entry->partitions);
	free(entry->partition_contents);
	entry->n_partitions = PARTITIONS_MAX + 1;
	entry->partitions = calloc(entry->n_partitions, sizeof(*entry->partitions));
	entry->partition_contents = calloc(entry->n_partitions, sizeof(*entry->partition_contents));
	assert_true(entry->partitions && entry->partition_contents);
	for (unsigned i = 0; i < PROBE_RETRIES_MAX; i++) {
		uint64_t wait = (uint64_t)PROBE_RETRY_MS << i;

		entry->look_at = entry->look_by = now_ms();
		tracker->quiet_at = 0;
		prober_continue(tracker, false);
		assert_int_equal(entry->contents.state, CONTENTS_UNKNOWN);
		assert_in_range(prober_deadline(tracker), now_ms() + wait - 1000, now_ms() + wait);
		/* Not sooner because somebody waits: he has his answer. */
		prober_continue(tracker, true);
		assert_int_equal(entry->looks_given_up, i + 1);
	}
	entry->look_at = entry->look_by = now_ms();
	prober_continue(tracker, false);
	assert_int_equal(prober_deadline(tracker), UINT64_MAX);
	/* What happens to it then is a reason to look. */
	prober_look(tracker, entry);
	assert_int_equal(entry->contents.state, CONTENTS_PENDING);
	entry->n_partitions = 0;
	prober_continue(tracker, true);
	assert_non_null(entry->probe);
}

static int stay(void *data)
{
	(void)data;
	return pause();
}

static bool has_none_left(struct guest *guest)
{
	return !inventory_find_place(&guest->tracker.inventory, 3)->probe_left;
}

/* A child that was killed while the kernel waits for the disk. */
static void test_a_disk_is_not_looked_at_while_a_look_at_it_has_not_ended(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	struct entry *hung, *other;

	tracker->probing = true;
	hung = put_file_disk(guest, SDA, 3);
	other = put_file_disk(guest, SDC, 4);
	assert_int_equal(child_start(stay, NULL, NULL, 0, &hung->probe_left), 0);
	hung->contents.state = CONTENTS_UNKNOWN;
	hung->looks_given_up = 1;
	prober_look(tracker, hung);
	assert_int_equal(hung->looks_given_up, 1);
	assert_int_equal(hung->contents.state, CONTENTS_UNKNOWN);
	prober_continue(tracker, true);
	hung->look_by = now_ms();
	tracker->quiet_at = 0;
	prober_continue(tracker, false);
	assert_null(hung->probe);
	assert_non_null(other->probe);
	prober_forget(tracker, hung);
	prober_look(tracker, hung);
	assert_int_equal(hung->contents.state, CONTENTS_PENDING);
	prober_continue(tracker, true);
	assert_non_null(hung->probe);
	/* One that the kernel does end. */
	prober_cancel(tracker, hung);
	run_guest_until(guest, has_none_left);
}

static void test_looks_that_have_not_ended_are_not_without_end(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	struct entry *entry, copies[PROBES_LEFT_MAX] = {};
	struct inventory real, many = { .n_busy = PROBES_LEFT_MAX + 1 };
	struct entry *entries[PROBES_LEFT_MAX + 1];

	tracker->probing = true;
	entry = put_file_disk(guest, SDA, 3);
	real = tracker->inventory;
	for (size_t i = 0; i < PROBES_LEFT_MAX; i++) {
		copies[i].probe_left = (struct child *)&copies[i];
		entries[i] = &copies[i];
	}
	entries[PROBES_LEFT_MAX] = entry;
	many.busy = entries;
	tracker->inventory = many;
	prober_continue(tracker, true);
	assert_null(entry->probe);
	copies[0].probe_left = NULL;
	copies[0].state = ENTRY_RELEASED;
	prober_continue(tracker, true);
	tracker->inventory = real;
	assert_non_null(entry->probe);
}

static void test_without_contents_nothing_is_looked_at_even_if_it_was_written(void **state)
{
	struct guest *guest = *state;
	struct tracker *tracker = &guest->tracker;
	struct entry *entry = put_file_disk(guest, SDA, 3);

	assert_int_equal(entry->n_watches, 0);
	entry->written = true;
	prober_look(tracker, entry);
	assert_int_equal(entry->contents.state, CONTENTS_UNKNOWN);
	assert_int_equal(prober_deadline(tracker), UINT64_MAX);
	tracker->quiet_at = 0;
	prober_continue(tracker, true);
	assert_null(entry->probe);
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_who_writes_all_the_time_holds_nobody_up),
		GUEST_TEST(test_disks_that_come_hold_up_a_look_but_not_for_ever),
		GUEST_TEST(test_a_look_that_fails_is_tried_again_and_not_for_ever),
		GUEST_TEST(test_a_disk_is_not_looked_at_while_a_look_at_it_has_not_ended),
		GUEST_TEST(test_looks_that_have_not_ended_are_not_without_end),
		GUEST_TEST(test_without_contents_nothing_is_looked_at_even_if_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
