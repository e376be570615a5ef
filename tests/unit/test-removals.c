/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent makes of removals that it hears of late, or that are none. */
#include "guest.h"

#include "removals.h"

static void put(struct guest *guest, const char *diskseq)
{
	put_guest_disk(guest, SDA, "8:0");
	put_attribute(&guest->machine, SDA, "diskseq", diskseq);
	if (faccessat(guest->machine.tree.fd, "sys/dev/block/8:0", F_OK, 0) < 0)
		put_sys_link(&guest->machine.tree, "sys", "dev/block/8:0", SDA);
}

/* The kernel has another disk under the same name. */
static void replace(struct guest *guest, const char *diskseq)
{
	put_attribute(&guest->machine, SDA, "diskseq", diskseq);
}

static void remove_node(struct guest *guest)
{
	assert_int_equal(unlinkat(guest->machine.tree.fd, "sys/dev/block/8:0", 0), 0);
}

static void hear_removal(struct guest *guest, uint64_t diskseq)
{
	struct udevd_queue none = {};

	removal_handle(&guest->tracker, &none, "/" SDA, diskseq);
}

static void drop_frame(struct guest *guest)
{
	json_decref(hear_guest(guest));
}

static const struct entry *disk_in_slot_3(const struct guest *guest)
{
	return inventory_find_place(&guest->tracker.inventory, 3);
}

static void test_a_disk_is_forgotten_when_it_is_gone_and_not_before(void **state)
{
	struct guest *guest = *state;

	put(guest, "1");
	guest_look(guest, SDA);
	drop_frame(guest);
	hear_removal(guest, 1);
	assert_non_null(disk_in_slot_3(guest));
	remove_node(guest);
	hear_removal(guest, 1);
	check_frame(guest, "event", "diskseq", "1");
	assert_null(disk_in_slot_3(guest));
}

static void test_a_removal_is_of_that_disk_alone(void **state)
{
	struct guest *guest = *state;

	put(guest, "1");
	guest_look(guest, SDA);
	drop_frame(guest);
	replace(guest, "2");
	guest_look(guest, SDA);
	drop_frame(guest); /* disk-removed */
	drop_frame(guest); /* disk-added */
	remove_node(guest);
	hear_removal(guest, 1);
	assert_int_equal(disk_in_slot_3(guest)->disk.diskseq, 2);
	hear_removal(guest, 2);
	check_frame(guest, "event", "diskseq", "2");
}

/* An event of the dropped one, heard late, has the agent find the other. */
static void test_a_disk_that_is_found_before_the_dropped_one_has_gone_is_confirmed(void **state)
{
	struct guest *guest = *state;

	put(guest, "1");
	guest_look(guest, SDA);
	drop_frame(guest);
	tracker_void(&guest->tracker, inventory_find_place(&guest->tracker.inventory, 3));
	drop_frame(guest); /* disk-removed */
	guest_look(guest, SDA);
	assert_null(disk_in_slot_3(guest));
	replace(guest, "2");
	guest_look(guest, SDA);
	drop_frame(guest); /* disk-added */
	ask(guest, "expect", "{\"slot\":3,\"deadline\":0}");
	check_frame(
		guest, "error", "desc", "\"the kernel has yet to drop the last disk in slot 3\"");
	hear_removal(guest, 1);
	ask(guest, "expect", "{\"slot\":3}");
	check_frame(guest, "return", "diskseq", "2");
	/* None comes any more. */
	assert_int_equal(voids_await(&guest->tracker.voids, 3), 0);
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_a_disk_is_forgotten_when_it_is_gone_and_not_before),
		GUEST_TEST(test_a_removal_is_of_that_disk_alone),
		GUEST_TEST(test_a_disk_that_is_found_before_the_dropped_one_has_gone_is_confirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
