/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes to the place of a released disk, and what the host's word that it is gone does to it;
 * on a machine of files. */
#include "guest.h"

#include "pending.h"
#include "record.h"

#define DETACHED "{\"slot\":3,\"detached\":true,\"deadline\":400}"

static void check_attribute(
	struct guest *guest, const char *directory, const char *attribute, const char *expected)
{
	char path[PATH_MAX], value[32];

	snprintf(path, sizeof(path), "%s/%s", directory, attribute);
	assert_int_equal(read_attr_at(guest->tracker.view.sys, path, value, sizeof(value)), 0);
	assert_string_equal(value, expected);
}

/* A disk in slot 3; takes the event of it. */
static void put(struct guest *guest, const char *serial, const char *diskseq, const char *state)
{
	put_guest_disk(guest, SDA, "8:0");
	put_guest_serial(guest, SDA, serial);
	put_attribute(&guest->machine, SDA, "diskseq", diskseq);
	put_attribute(&guest->machine, SDA "/device", "state", state);
	put_attribute(&guest->machine, SDA "/device", "delete", "");
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
}

static struct entry *find(struct guest *guest)
{
	return inventory_find_place(&guest->tracker.inventory, 3);
}

/* The disk "old" is released and goes. */
static void put_and_unplug(struct guest *guest)
{
	put(guest, "old", "1", "offline");
	released_note(&guest->tracker.released, &find(guest)->disk);
	tracker_remove(&guest->tracker, "/" SDA, 1);
	json_decref(hear_guest(guest));
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
}

static void test_gone_is_said_of_the_released_disk_and_not_of_another_in_its_place(void **state)
{
	struct guest *guest = *state;

	put_and_unplug(guest);
	put(guest, "new", "2", "running");
	ask(guest, "release", DETACHED);
	check_frame(guest, "return", "state", "\"gone\"");
	assert_int_equal(find(guest)->state, ENTRY_PRESENT);
	check_attribute(guest, SDA "/device", "delete", "");
	check_attribute(guest, SDA "/device", "state", "running");
}

/* Nothing was released in this session: what is there when the host asks is meant. */
static void test_a_disk_that_comes_while_the_host_waits_is_another_one(void **state)
{
	struct guest *guest = *state;

	put(guest, "old", "1", "running");
	ask(guest, "release", "{\"slot\":3,\"detached\":true}");
	ask(guest, "ping", "{}");
	json_decref(hear_guest(guest)); /* the answer to that */
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
	put_guest_disk(guest, SDA, "8:0");
	put_attribute(&guest->machine, SDA, "diskseq", "2");
	guest_look(guest, SDA);
	json_decref(hear_guest(guest)); /* disk-removed */
	check_frame(guest, "return", "state", "\"gone\"");
	check_attribute(guest, SDA "/device", "delete", "");
}

static void test_a_disk_in_use_is_asked_who_it_is_and_not_dropped(void **state)
{
	struct guest *guest = *state;

	put_guest_scan(guest);
	put(guest, "old", "1", "running");
	find(guest)->added_at = 0;
	ask(guest, "release", DETACHED);
	check_frame(guest, "error", "desc", "\"sda is still in slot 3\"");
	assert_true(find(guest)->checked_at > 0);
	check_attribute(guest, SDA "/device", "delete", "");
	check_attribute(guest, SDA "/device", "state", "running");
}

static bool has_scanned(struct guest *guest)
{
	return is_guest_scanned(guest, "0 0 3");
}

static void test_a_released_disk_is_dropped_and_its_place_scanned(void **state)
{
	struct guest *guest = *state;

	put_guest_scan(guest);
	put(guest, "old", "1", "offline");
	ask(guest, "release", DETACHED);
	run_guest_until(guest, has_scanned);
	check_attribute(guest, SDA "/device", "delete", "1");
	/* It has yet to go. */
	check_frame(guest, "error", "class", "\"DeadlineExceeded\"");
}

static void test_a_released_disk_that_is_found_again_stays_unusable(void **state)
{
	struct guest *guest = *state;
	json_t *links;

	put_and_unplug(guest);
	put(guest, "old", "2", "running");
	check_attribute(guest, SDA "/device", "state", "offline");
	ask(guest, "disks", "{}");
	links = hear_guest(guest);
	assert_int_equal(find(guest)->state, ENTRY_RELEASED);
	json_decref(links);
	assert_int_equal(
		faccessat(guest->tracker.links.dev, "disk/by-slot/3", F_OK, AT_SYMLINK_NOFOLLOW),
		-1);
	/* Under its new number it is the one that the host has unplugged. */
	ask(guest, "release", DETACHED);
	check_frame(guest, "error", "class", "\"DeadlineExceeded\"");
}

static void test_another_disk_in_between_or_another_session_ends_that(void **state)
{
	struct guest *guest = *state;

	put_and_unplug(guest);
	put(guest, "new", "2", "running");
	assert_int_equal(find(guest)->state, ENTRY_PRESENT);
	tracker_remove(&guest->tracker, "/" SDA, 2);
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
	put(guest, "old", "3", "running");
	assert_int_equal(find(guest)->state, ENTRY_PRESENT);
	released_note(&guest->tracker.released, &find(guest)->disk);
	server_start_session(&guest->server, "0123456789abcdef");
	tracker_remove(&guest->tracker, "/" SDA, 3);
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
	put(guest, "old", "4", "running");
	assert_int_equal(find(guest)->state, ENTRY_PRESENT);
}

#define GUEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_guest, tear_down_guest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_gone_is_said_of_the_released_disk_and_not_of_another_in_its_place),
		GUEST_TEST(test_a_disk_that_comes_while_the_host_waits_is_another_one),
		GUEST_TEST(test_a_disk_in_use_is_asked_who_it_is_and_not_dropped),
		GUEST_TEST(test_a_released_disk_is_dropped_and_its_place_scanned),
		GUEST_TEST(test_a_released_disk_that_is_found_again_stays_unusable),
		GUEST_TEST(test_another_disk_in_between_or_another_session_ends_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
