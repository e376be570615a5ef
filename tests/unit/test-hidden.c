/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/hidden.h, page.h: the disks that no list shows, and the list. */
#include "guest.h"

static void drop_frame(struct guest *guest)
{
	json_decref(hear_guest(guest));
}

static void add_disk(struct guest *guest, const char *devpath, const char *devnum)
{
	put_guest_disk(guest, devpath, devnum);
	guest_look(guest, devpath);
}

static void put_system_disk(struct guest *guest)
{
	put_guest_disk(guest, SDD, "8:48");
	put_sys_link(&guest->machine.tree, "sys", "bus/scsi/devices/2:0:255:0",
		CONTROLLER "/host2/target2:0:255/2:0:255:0");
}

static void test_hidden_are_the_disks_under_the_root_and_at_the_system_target(void **state)
{
	struct guest *guest = *state;

	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden", "{\"places\":[],\"undecided\":false}");
	put_system_disk(guest);
	put_guest_disk(guest, SDB, "8:16");
	put_guest_disk(guest, SDA, "8:0");
	put_mounts(&guest->machine, "1 0 8:16 / / rw - ext4 /dev/sdb rw\n");
	tracker_rescan(&guest->tracker);
	drop_frame(guest); /* sda is added */
	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden",
		"{\"places\":[" SDB_PLACE ",4243456],\"undecided\":false}");
}

static void test_all_are_hidden_while_the_root_is_undecided(void **state)
{
	struct guest *guest = *state;

	put_system_disk(guest);
	put_mounts(&guest->machine, "1 0 8:99 / / rw - ext4 /dev/nowhere rw\n");
	tracker_rescan(&guest->tracker);
	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden", "{\"places\":[],\"undecided\":true}");
}

#define DM "devices/virtual/block/dm-0"

/* The root's logical volume is extended onto a disk that somebody was told of. */
static void put_root_on_sdc(struct guest *guest)
{
	put_guest_disk(guest, SDC, "8:32");
	put_block(&guest->machine, DM, "253:0");
	put_member(&guest->machine, DM, "slaves", SDC);
	put_mounts(&guest->machine, "1 1 253:0 / / rw - ext4 /dev/dm-0 rw\n");
	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	tracker_judge(&guest->tracker);
	put_member(&guest->machine, DM, "slaves", SDA);
}

static void test_a_disk_that_the_root_grows_onto_is_hidden_once_it_is_judged(void **state)
{
	struct guest *guest = *state;

	put_root_on_sdc(guest);
	assert_int_equal(
		faccessat(guest->machine.tree.fd, "dev/disk/by-slot/3", F_OK, AT_SYMLINK_NOFOLLOW),
		0);
	tracker_judge(&guest->tracker);
	check_frame(guest, "event", "slot", "3"); /* removed */
	assert_int_equal(
		faccessat(guest->machine.tree.fd, "dev/disk/by-slot/3", F_OK, AT_SYMLINK_NOFOLLOW),
		-1);
	ask(guest, "disks", "{}");
	check_frame(guest, "return", "hidden", "{\"places\":[3,4],\"undecided\":false}");
}

static void test_a_disk_that_the_root_has_grown_onto_is_not_released(void **state)
{
	struct guest *guest = *state;

	put_root_on_sdc(guest);
	ask(guest, "release", "{\"slot\":3,\"force\":true}");
	check_frame(guest, "event", "slot", "3"); /* removed */
	check_frame(guest, "error", "class", "\"DiskHidden\"");
}

/* ---- pages ---- */

/* With as many hidden places, as long a serial and an id and as many partitions as there can be. */
static void put_fullest(struct guest *guest)
{
	char devpath[sizeof(CONTROLLER) + 80], devnum[16], name[40], mounts[8192] = "";

	for (unsigned i = 0; i < SYSTEM_DISKS_MAX; i++) {
		snprintf(devpath, sizeof(devpath),
			CONTROLLER "/host2/target2:0:250/2:0:250:%u/block/sdx%u", 32000 - i, i);
		snprintf(devnum, sizeof(devnum), "65:%u", i);
		put_disk(&guest->machine, devpath, devnum);
		snprintf(mounts + strlen(mounts), sizeof(mounts) - strlen(mounts),
			"%u 0 65:%u / / rw - ext4 /dev/sdx%u rw\n", i + 1, i, i);
	}
	put_mounts(&guest->machine, mounts);
	put_disk(&guest->machine, SDA, "8:0");
	for (unsigned i = 1; i <= PARTITIONS_MAX; i++) {
		snprintf(devpath, sizeof(devpath), SDA "/sda%u", i);
		snprintf(devnum, sizeof(devnum), "259:%u", i);
		put_attribute(&guest->machine, devpath, "dev", devnum);
		snprintf(name, sizeof(name), "%u", 1000000000 + i);
		put_attribute(&guest->machine, devpath, "start", name);
		put_attribute(&guest->machine, devpath, "size", name);
		snprintf(name, sizeof(name), "%u", i);
		put_attribute(&guest->machine, devpath, "partition", name);
	}
	tracker_rescan(&guest->tracker);
}

static void test_the_fullest_page_fits_in_a_frame(void **state)
{
	struct guest *guest = *state;
	char id[6 * HOTSLOT_ID_MAX + 1] = "", request[1024];
	struct entry *entry;
	json_t *frame;

	put_fullest(guest);
	json_decref(hear_guest(guest));
	assert_int_equal(guest->tracker.inventory.n, 1);
	entry = guest->tracker.inventory.entries[0];
	/* Whatever its size, the record is filled up to what a frame has. */
	for (size_t i = 0; i < entry->n_partitions; i++) {
		entry->partition_contents[i].state = CONTENTS_KNOWN;
		memset(entry->partition_contents[i].label, 'L', i < 60 ? 800 : 40 + i % 7);
	}
	for (size_t i = 0; i < HOTSLOT_ID_MAX; i++)
		strcat(id, "\\u0001");
	for (size_t more = 0; more < 300; more += 7) {
		memset(entry->contents.label, 'L', more);
		snprintf(request, sizeof(request),
			"{\"execute\":\"disks\",\"id\":\"%s\",\"session\":\"0123456789abcdef\"}\n",
			id);
		assert_int_equal(write(guest->host, request, strlen(request)), strlen(request));
		frame = hear_guest(guest);
		assert_int_equal(
			json_array_size(json_object_get(
				json_object_get(json_object_get(frame, "return"), "hidden"),
				"places")),
			SYSTEM_DISKS_MAX);
		json_decref(frame);
	}
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_hidden_are_the_disks_under_the_root_and_at_the_system_target),
		GUEST_TEST(test_all_are_hidden_while_the_root_is_undecided),
		GUEST_TEST(test_a_disk_that_the_root_grows_onto_is_hidden_once_it_is_judged),
		GUEST_TEST(test_a_disk_that_the_root_has_grown_onto_is_not_released),
		GUEST_TEST(test_the_fullest_page_fits_in_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
