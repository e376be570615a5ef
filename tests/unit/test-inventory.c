/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/inventory.h: disks in order, found by what they are, and those with something to do.
 */
#include "test.h"

#include "inventory.h"

#define MANY 600

static struct entry *put(struct inventory *inventory, unsigned slot, const char *serial)
{
	struct disk disk = {
		.status = DISK_SLOTTED, .target = slot / 256, .lun = slot % 256, .slot = slot
	};
	char devpath[64];
	struct entry *entry;

	snprintf(disk.serial, sizeof(disk.serial), "%s", serial);
	snprintf(devpath, sizeof(devpath), "devices/host2/%u/block/sd", slot);
	entry = inventory_add(inventory, &disk, devpath);
	if (entry)
		entry->contents.state = CONTENTS_UNKNOWN;
	return entry;
}

/* Every second one, from the last to the first, and then those between. */
static void put_many(struct inventory *inventory)
{
	for (unsigned i = MANY; i-- > 0;)
		assert_non_null(put(inventory, 2 * i, i % 2 ? "odd" : "even"));
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(put(inventory, 2 * i + 1, ""));
}

static void test_each_is_found_by_its_path_and_its_place(void **state)
{
	struct inventory inventory = {};
	char devpath[64];

	(void)state;
	put_many(&inventory);
	for (unsigned slot = 0; slot < 2 * MANY; slot++) {
		snprintf(devpath, sizeof(devpath), "devices/host2/%u/block/sd", slot);
		assert_ptr_equal(inventory_find_devpath(&inventory, devpath),
			inventory_find_place(&inventory, slot));
		assert_int_equal(inventory_find_place(&inventory, slot)->disk.slot, slot);
	}
	assert_null(inventory_find_devpath(&inventory, "devices/host2/0/block/sda"));
	inventory_done(&inventory);
}

static void test_serials_are_found_in_order_and_follow_a_change(void **state)
{
	struct inventory inventory = {};
	struct disk disk;
	size_t i;

	(void)state;
	put_many(&inventory);
	assert_int_equal(inventory_count_serial(&inventory, "odd"), MANY / 2);
	i = inventory_next_serial(&inventory, "odd", 0);
	assert_int_equal(i, 2);
	assert_int_equal(inventory_next_serial(&inventory, "odd", i + 1), 6);
	disk = inventory.entries[i]->disk;
	strcpy(disk.serial, "other");
	inventory_set_disk(&inventory, inventory.entries[i], &disk);
	assert_int_equal(inventory_next_serial(&inventory, "odd", 0), 6);
	assert_int_equal(inventory_next_serial(&inventory, "other", 0), 2);
	assert_int_equal(inventory_count_serial(&inventory, "odd"), MANY / 2 - 1);
	/* What goes takes its own keys along, and no other's. */
	inventory_remove(&inventory, inventory.entries[0]);
	assert_int_equal(inventory_next_serial(&inventory, "other", 0), 1);
	assert_int_equal(inventory_next_serial(&inventory, "odd", 0), 5);
	assert_int_equal(inventory_next_serial(&inventory, "none", 0), inventory.n);
	inventory_done(&inventory);
}

static void test_the_busy_ones_are_in_order_until_they_are_idle_or_gone(void **state)
{
	struct inventory inventory = {};
	struct entry *first, *second, *third;

	(void)state;
	third = put(&inventory, 7, "");
	first = put(&inventory, 1, "");
	second = put(&inventory, 3, "");
	inventory_note_busy(third);
	inventory_note_busy(first);
	inventory_note_busy(second);
	inventory_note_busy(first);
	first->check_wanted = second->check_wanted = true;
	assert_int_equal(inventory.n_busy, 3);
	assert_ptr_equal(inventory.busy[0], first);
	assert_ptr_equal(inventory.busy[1], second);
	assert_ptr_equal(inventory.busy[2], third);
	inventory_forget_idle(&inventory);
	assert_int_equal(inventory.n_busy, 2);
	assert_false(third->busy);
	inventory_remove(&inventory, first);
	assert_int_equal(inventory.n_busy, 1);
	assert_ptr_equal(inventory.busy[0], second);
	inventory_note_busy(third);
	assert_ptr_equal(inventory.busy[1], third);
	inventory_done(&inventory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_found_by_its_path_and_its_place),
		cmocka_unit_test(test_serials_are_found_in_order_and_follow_a_change),
		cmocka_unit_test(test_the_busy_ones_are_in_order_until_they_are_idle_or_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
