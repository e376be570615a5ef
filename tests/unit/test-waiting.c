/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests about disks, on a machine of files: what they wait for, what they answer. */
#include "guest.h"

#include "pending.h"

#define SCAN "class/scsi_host/host2/scan"

/* Somebody writes TEXT to the pipe before the request that is under way is refused. */
static void check_written(struct guest *guest, int pipe, const char *text)
{
	char written[64] = "";

	check_frame(guest, "error", "class", "\"DeadlineExceeded\"");
	assert_int_equal(read(pipe, written, sizeof(written) - 1), strlen(text));
	assert_string_equal(written, text);
	close(pipe);
}

static void add_disk(struct guest *guest, const char *devpath, const char *devnum)
{
	put_guest_disk(guest, devpath, devnum);
	guest_look(guest, devpath);
}

/* A disk whose node is a file: it can be opened. */
static void put_file_node(struct guest *guest)
{
	put_disk(&guest->machine, SDA, "0:0");
	put_attribute(&guest->machine, SDA, "diskseq", "0");
	put_sys_link(&guest->machine.tree, "sys", "block/sda", SDA);
	put_text(&guest->machine.tree, "dev/sda", "");
	guest_look(guest, SDA);
}

static void drop_frame(struct guest *guest)
{
	json_decref(hear_guest(guest));
}

/* ---- expect ---- */

static void test_a_disk_without_a_slot_is_expected_by_its_place(void **state)
{
	struct guest *guest = *state;

	ask(guest, "expect", "{\"place\":" SDB_PLACE "}");
	put_guest_disk(guest, SDB, "8:16");
	put_guest_serial(guest, SDB, "far");
	ask(guest, "ping", "{}");
	drop_frame(guest); /* the request waits now */
	guest_look(guest, SDB);
	check_frame(guest, "return", "place", SDB_PLACE);
	drop_frame(guest); /* disk-added */
	ask(guest, "expect", "{\"place\":" SDB_PLACE ",\"serial\":\"far\"}");
	check_frame(guest, "return", "slot", "null");
}

static void test_a_disk_without_a_slot_is_there_with_its_link_by_serial(void **state)
{
	struct guest *guest = *state;
	char links[PATH_MAX];

	put_guest_serial(guest, SDB, "far");
	add_disk(guest, SDB, "8:16");
	drop_frame(guest);
	assert_int_equal(unlinkat(guest->tracker.links.dev, "disk/by-serial/far", 0), 0);
	/* No time to look again, which makes the link anew. */
	ask(guest, "expect", "{\"place\":" SDB_PLACE ",\"deadline\":0}");
	check_frame(guest, "error", "desc",
		"\"sdb is in target 0, LUN 300, but not all of its links are there\"");
	ask(guest, "expect", "{\"place\":" SDB_PLACE "}");
	snprintf(links, sizeof(links), "[\"%s/disk/by-serial/far\"]",
		guest->tracker.links.directory);
	check_frame(guest, "return", "links", links);
}

static void test_a_disk_with_neither_slot_nor_serial_is_there_without_a_link(void **state)
{
	struct guest *guest = *state;

	add_disk(guest, SDB, "8:16");
	drop_frame(guest);
	ask(guest, "expect", "{\"place\":" SDB_PLACE "}");
	check_frame(guest, "return", "links", "[]");
}

static void test_a_scan_has_the_address_bits_of_a_lun_above_255(void **state)
{
	struct guest *guest = *state;
	int scan = put_guest_pipe(guest, SCAN_DIRECTORY, "scan");

	put_sys_link(&guest->machine.tree, "sys", "class/scsi_host/host2", SCAN_DIRECTORY);
	ask(guest, "expect", "{\"place\":" SDB_PLACE ",\"deadline\":200}");
	check_written(guest, scan, "0 0 16684");
}

static size_t count_children(void)
{
	char path[64], *data, *next;
	size_t length, n = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	assert_int_equal(read_file_at(AT_FDCWD, path, 65536, &data, &length), 0);
	for (next = strchr(data, ' '); next; next = strchr(next + 1, ' '))
		n++;
	free(data);
	return n;
}

/* Nobody reads the pipe: as the kernel does, when it hangs, it keeps whoever writes. */
static void test_a_scan_that_hangs_is_not_begun_again(void **state)
{
	struct guest *guest = *state;
	int scan = put_guest_pipe(guest, SCAN_DIRECTORY, "scan");

	put_sys_link(&guest->machine.tree, "sys", "class/scsi_host/host2", SCAN_DIRECTORY);
	close(scan);
	for (int i = 0; i < 20; i++) {
		ask(guest, "expect", "{\"slot\":1,\"deadline\":20}");
		drop_frame(guest);
	}
	assert_int_equal(count_children(), 1);
	/* It has yet to be done for these. */
	ask(guest, "expect", "{\"slot\":1,\"deadline\":60000}");
	ask(guest, "ping", "{}");
	drop_frame(guest);
	assert_true(pending_deadline(&guest->server) <= now_ms() + PENDING_SCAN_MS);
	scan = openat(guest->machine.tree.fd, "sys/" SCAN_DIRECTORY "/scan", O_RDWR | O_CLOEXEC);
	assert_true(scan >= 0);
	ask(guest, "expect", "{\"slot\":1,\"deadline\":500}");
	check_written(guest, scan, "0 0 10 0 1");
}

static void test_a_disk_in_vain_expected_may_be_hidden_and_the_answer_says_so(void **state)
{
	struct guest *guest = *state;

	put_mounts(&guest->machine, "1 0 8:99 / / rw - ext4 /dev/nowhere rw\n");
	tracker_rescan(&guest->tracker);
	ask(guest, "expect", "{\"slot\":3,\"deadline\":0}");
	check_frame(guest, "error", "desc",
		"\"no disk is seen in slot 3: the guest cannot tell which disks its root file "
		"system stands on, so all are hidden\"");
}

/* ---- release ---- */

static void test_gone_is_told_by_slot_and_by_place(void **state)
{
	struct guest *guest = *state;
	static const char *const arguments[] = { "{\"slot\":3}", "{\"place\":3}",
		"{\"slot\":3,\"detached\":true}" };

	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		json_t *frame, *body;

		ask(guest, "release", arguments[i]);
		frame = hear_guest(guest);
		body = json_object_get(frame, "return");
		assert_int_equal(json_integer_value(json_object_get(body, "slot")), 3);
		assert_int_equal(json_integer_value(json_object_get(body, "place")), 3);
		json_decref(frame);
	}
	ask(guest, "release", "{\"place\":" SDB_PLACE "}");
	check_frame(guest, "return", "slot", "null");
	ask(guest, "release", "{\"place\":" SDB_PLACE ",\"detached\":true}");
	check_frame(guest, "return", "place", SDB_PLACE);
}

static void test_a_disk_that_stays_is_named_with_its_place(void **state)
{
	struct guest *guest = *state;

	add_disk(guest, SDB, "8:16");
	drop_frame(guest);
	ask(guest, "release", "{\"place\":" SDB_PLACE ",\"detached\":true,\"deadline\":0}");
	check_frame(guest, "error", "desc", "\"sdb is still in target 0, LUN 300\"");
}

/* An agent before this one may have died before it looked whether the disk is in use. */
static void test_a_disk_that_is_found_offline_is_looked_at_before_it_is_released(void **state)
{
	struct guest *guest = *state;
	char value[32];

	put_attribute(&guest->machine, SDA "/device", "state", "offline");
	put_text(&guest->machine.tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	put_file_node(guest);
	check_frame(guest, "event", "state", "\"released\"");
	ask(guest, "release", "{\"slot\":3}");
	drop_frame(guest); /* disk-changed: it is present */
	check_frame(guest, "error", "class", "\"DiskBusy\"");
	assert_int_equal(
		read_attr_at(guest->tracker.view.sys, SDA "/device/state", value, sizeof(value)),
		0);
	assert_string_equal(value, "running");
}

/* The kernel drops it, and then finds the other one, or none. */
static void test_a_disk_that_may_yet_take_a_dropped_ones_place_is_not_gone(void **state)
{
	struct guest *guest = *state;
	uint64_t diskseq, start;
	struct entry *entry;
	uint32_t place;

	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	entry = inventory_find_place(&guest->tracker.inventory, 3);
	diskseq = entry->disk.diskseq;
	tracker_void(&guest->tracker, entry);
	drop_frame(guest); /* disk-removed */
	ask(guest, "release", "{\"slot\":3}");
	ask(guest, "ping", "{}");
	drop_frame(guest); /* the answer to that */
	start = now_ms();
	assert_true(voids_drop(&guest->tracker.voids, diskseq, &place));
	assert_int_equal(place, 3);
	ask(guest, "ping", "{}");
	drop_frame(guest); /* the answer to that */
	check_frame(guest, "return", "state", "\"gone\"");
	assert_true(now_ms() >= start + 900);
	ask(guest, "release", "{\"slot\":3}");
	ask(guest, "ping", "{}");
	check_frame(guest, "return", "state", "\"gone\"");
}

/* ---- resize ---- */

static void test_a_resize_waits_for_exactly_this_size(void **state)
{
	struct guest *guest = *state;

	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	ask(guest, "resize", "{\"slot\":3,\"size\":8388608}");
	ask(guest, "ping", "{}");
	drop_frame(guest);
	put_attribute(&guest->machine, SDA, "size", "8193");
	guest_look(guest, SDA);
	check_frame(guest, "event", "size", "4194816");
	put_attribute(&guest->machine, SDA, "size", "16384");
	guest_look(guest, SDA);
	check_frame(guest, "return", "size", "8388608");
	drop_frame(guest); /* disk-changed */
	ask(guest, "resize", "{\"place\":3,\"size\":8388608}");
	check_frame(guest, "return", "slot", "3");
}

static void test_a_resize_that_does_not_come_is_told_with_the_size_there_is(void **state)
{
	struct guest *guest = *state;

	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	ask(guest, "resize", "{\"slot\":3,\"size\":8388608,\"deadline\":0}");
	check_frame(guest, "error", "desc", "\"sda in slot 3 has 4194304 bytes, not 8388608\"");
}

static void test_the_kernel_is_asked_for_a_size_that_no_event_tells(void **state)
{
	struct guest *guest = *state;
	int rescan = put_guest_pipe(guest, SDA "/device", "rescan");

	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	ask(guest, "resize", "{\"slot\":3,\"size\":8388608,\"deadline\":200}");
	check_written(guest, rescan, "1");
}

static void test_no_disk_is_resized_where_there_is_none_to_use(void **state)
{
	struct guest *guest = *state;

	ask(guest, "resize", "{\"slot\":3,\"size\":8388608}");
	check_frame(guest, "error", "desc", "\"there is no disk in slot 3\"");
	put_attribute(&guest->machine, SDA "/device", "state", "offline");
	add_disk(guest, SDA, "8:0");
	drop_frame(guest);
	ask(guest, "resize", "{\"slot\":3,\"size\":4194304}");
	check_frame(guest, "error", "desc", "\"sda in slot 3 is released\"");
	ask(guest, "resize", "{\"slot\":3,\"size\":4194304}");
	check_frame(guest, "error", "class", "\"InvalidArgument\"");
}

/* ---- events ---- */

static void test_a_conflict_and_its_end_are_told_of_both_disks(void **state)
{
	struct guest *guest = *state;

	put_guest_serial(guest, SDA, "twin");
	put_guest_serial(guest, SDC, "twin");
	add_disk(guest, SDA, "8:0");
	check_frame(guest, "event", "conflict", "false");
	add_disk(guest, SDC, "8:32");
	check_frame(guest, "event", "slot", "3");
	check_frame(guest, "event", "conflict", "true");
	tracker_remove(&guest->tracker, "/" SDC, 0);
	check_frame(guest, "event", "slot", "4"); /* removed */
	check_frame(guest, "event", "conflict", "false");
}

static void test_partitions_that_come_and_go_are_told(void **state)
{
	struct guest *guest = *state;

	add_disk(guest, SDA, "8:0");
	check_frame(guest, "event", "partitions", "[]");
	put_block(&guest->machine, SDA "/sda1", "8:1");
	put_attribute(&guest->machine, SDA "/sda1", "start", "2048");
	put_attribute(&guest->machine, SDA "/sda1", "size", "2048");
	put_attribute(&guest->machine, SDA "/sda1", "partition", "1");
	guest_look(guest, SDA);
	check_frame(guest, "event", "partitions",
		"[{\"contents\":{\"state\":\"unknown\"},\"devnum\":\"8:1\",\"links\":[],"
		"\"name\":\"sda1\",\"number\":1,\"size\":1048576,\"start\":1048576}]");
	remove_attribute(&guest->machine, SDA "/sda1", "partition");
	guest_look(guest, SDA);
	check_frame(guest, "event", "partitions", "[]");
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_a_disk_without_a_slot_is_expected_by_its_place),
		GUEST_TEST(test_a_disk_without_a_slot_is_there_with_its_link_by_serial),
		GUEST_TEST(test_a_disk_with_neither_slot_nor_serial_is_there_without_a_link),
		GUEST_TEST(test_a_scan_has_the_address_bits_of_a_lun_above_255),
		GUEST_TEST(test_a_scan_that_hangs_is_not_begun_again),
		GUEST_TEST(test_a_disk_in_vain_expected_may_be_hidden_and_the_answer_says_so),
		GUEST_TEST(test_gone_is_told_by_slot_and_by_place),
		GUEST_TEST(test_a_disk_that_stays_is_named_with_its_place),
		GUEST_TEST(test_a_disk_that_is_found_offline_is_looked_at_before_it_is_released),
		GUEST_TEST(test_a_disk_that_may_yet_take_a_dropped_ones_place_is_not_gone),
		GUEST_TEST(test_a_resize_waits_for_exactly_this_size),
		GUEST_TEST(test_a_resize_that_does_not_come_is_told_with_the_size_there_is),
		GUEST_TEST(test_the_kernel_is_asked_for_a_size_that_no_event_tells),
		GUEST_TEST(test_no_disk_is_resized_where_there_is_none_to_use),
		GUEST_TEST(test_a_conflict_and_its_end_are_told_of_both_disks),
		GUEST_TEST(test_partitions_that_come_and_go_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
