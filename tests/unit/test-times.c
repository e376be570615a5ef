/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The moments of a disk's coming: what the agent keeps, and tells who asks for it. */
#include "guest.h"

#include "arrivals.h"

#define REQUEST "{\"slot\":3,\"timing\":true}"

/* What comes next, an answer with or without an id. */
static json_t *hear_return(struct guest *guest)
{
	json_t *frame = hear_guest(guest), *body = json_object_get(frame, "return");

	assert_non_null(body);
	json_incref(body);
	json_decref(frame);
	return body;
}

static json_int_t moment(const json_t *body, const char *object, const char *key)
{
	const json_t *of = json_object_get(body, "disk") ?: body, *value;

	value = json_object_get(json_object_get(of, object) ?: json_object_get(body, object), key);
	assert_true(json_is_integer(value) || json_is_null(value));
	return json_integer_value(value);
}

/* The kernel, or udevd after it, says that SDA is there. */
static void come(struct guest *guest, struct times heard)
{
	put_guest_disk(guest, SDA, "8:0");
	guest->tracker.heard = heard;
	guest_look(guest, SDA);
	guest->tracker.heard = (struct times){};
}

/* Asks for the disk, and has it come once the agent waits for it. */
static json_t *expect_and_come(struct guest *guest, const char *arguments)
{
	struct times heard = {};

	ask(guest, "expect", arguments);
	ask(guest, "ping", "{}");
	json_decref(hear_return(guest));
	times_note(&heard.kernel);
	come(guest, heard);
	return hear_return(guest);
}

static void test_an_expected_disk_has_its_moments_in_order(void **state)
{
	struct guest *guest = *state;
	uint64_t before = now_us();
	json_t *body = expect_and_come(guest, REQUEST), *record = json_object_get(body, "disk");
	json_int_t asked = moment(body, "clock", "asked"), kernel = moment(body, "times", "kernel"),
		   linked = moment(body, "times", "link");

	assert_true((json_int_t)before <= asked && asked <= kernel && kernel <= linked);
	assert_true(linked <= moment(body, "clock", "answered"));
	assert_true(moment(body, "clock", "answered") <= (json_int_t)now_us());
	assert_int_equal(moment(body, "times", "expected"), asked);
	assert_true(json_is_null(json_object_get(json_object_get(record, "times"), "udev")));
	assert_true(json_is_null(json_object_get(json_object_get(record, "times"), "report")));
	json_decref(body);
	json_decref(hear_guest(guest)); /* disk-added, which does not count: it is told already */
	/* It stays as it was, and was reported. */
	ask(guest, "expect", REQUEST);
	body = hear_return(guest);
	assert_int_equal(moment(body, "times", "expected"), asked);
	assert_int_equal(moment(body, "times", "kernel"), kernel);
	assert_int_equal(moment(body, "times", "link"), linked);
	assert_true(moment(body, "times", "report") >= linked);
	assert_true(moment(body, "clock", "asked") >= moment(body, "times", "report"));
	json_decref(body);
}

static void test_who_does_not_ask_is_told_no_times(void **state)
{
	struct guest *guest = *state;
	json_t *body = expect_and_come(guest, "{\"slot\":3}"), *event;

	assert_null(json_object_get(body, "clock"));
	assert_null(json_object_get(json_object_get(body, "disk"), "times"));
	json_decref(body);
	event = hear_guest(guest);
	assert_null(
		json_object_get(json_object_get(json_object_get(event, "data"), "disk"), "times"));
	json_decref(event);
	ask(guest, "ping", "{\"timing\":false}");
	body = hear_return(guest);
	assert_int_equal(json_object_size(body), 0);
	json_decref(body);
}

static void test_an_inventory_tells_when_its_disks_came(void **state)
{
	struct guest *guest = *state;
	struct times heard = { .kernel = 7, .udev = 9 };
	json_t *body, *record;

	come(guest, heard);
	json_decref(hear_guest(guest)); /* disk-added */
	ask(guest, "disks", "{\"timing\":true}");
	body = hear_return(guest);
	record = json_array_get(json_object_get(body, "disks"), 0);
	assert_true(json_is_null(json_object_get(json_object_get(record, "times"), "expected")));
	assert_int_equal(moment(record, "times", "kernel"), 7);
	assert_int_equal(moment(record, "times", "udev"), 9);
	assert_true(moment(record, "times", "link") > 9);
	assert_true(moment(record, "times", "report") >= moment(record, "times", "link"));
	assert_true(moment(body, "clock", "answered") >= moment(record, "times", "report"));
	json_decref(body);
}

/* Their times are no change of a disk, and no reason for an event. */
static void test_an_inventory_with_times_is_the_same_inventory(void **state)
{
	struct guest *guest = *state;

	come(guest, (struct times){ .kernel = 7 });
	json_decref(hear_guest(guest));
	ask(guest, "disks", "{\"timing\":true}");
	json_decref(hear_return(guest));
	tracker_changed(&guest->tracker, guest->tracker.inventory.entries[0]);
	ask(guest, "ping", "{}");
	json_decref(hear_return(guest)); /* and no event before it */
}

/* A disk that was found, and is asked for later, was not expected. */
static void test_a_disk_that_was_there_was_not_expected(void **state)
{
	struct guest *guest = *state;
	json_t *body, *times;

	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
	ask(guest, "expect", REQUEST);
	body = hear_return(guest);
	times = json_object_get(json_object_get(body, "disk"), "times");
	assert_true(json_is_null(json_object_get(times, "expected")));
	assert_true(json_is_null(json_object_get(times, "kernel")));
	json_decref(body);
}

static void test_ping_tells_the_time(void **state)
{
	struct guest *guest = *state;
	uint64_t before = now_us();
	json_t *body;

	ask(guest, "ping", "{\"timing\":true}");
	body = hear_return(guest);
	assert_true((json_int_t)before <= moment(body, "clock", "asked"));
	assert_true(moment(body, "clock", "asked") <= moment(body, "clock", "answered"));
	json_decref(body);
}

static void test_timing_is_true_or_false(void **state)
{
	static const char *const requests[] = { "ping", "disks", "expect" };
	struct guest *guest = *state;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		ask(guest, requests[i], "{\"slot\":3,\"timing\":1}");
		check_frame(guest, "error", "class", "\"InvalidArgument\"");
	}
}

/* ---- what the kernel says ---- */

static void test_a_new_disk_is_told_from_all_else(void **state)
{
	const struct uevent disk = { .action = "add",
		.devpath = "/block/sda",
		.name = "sda",
		.subsystem = "block",
		.devtype = "disk",
		.diskseq = 17 };
	struct uevent event = disk;

	(void)state;
	assert_true(arrival_is_disk(&event));
	event.action = "change";
	assert_false(arrival_is_disk(&event));
	event = disk;
	event.devtype = "partition";
	assert_false(arrival_is_disk(&event));
	event.devtype = NULL;
	assert_false(arrival_is_disk(&event));
	event = disk;
	event.name = "vda";
	assert_false(arrival_is_disk(&event));
	event = disk;
	event.subsystem = "bdi";
	assert_false(arrival_is_disk(&event));
	event = disk;
	event.diskseq = 0;
	assert_false(arrival_is_disk(&event));
}

static void test_nothing_is_known_of_who_did_not_come(void **state)
{
	(void)state;
	assert_int_equal(arrivals_find(NULL, 17), 0);
}

#define GUEST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_guest, tear_down_guest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST_TEST(test_an_expected_disk_has_its_moments_in_order),
		GUEST_TEST(test_who_does_not_ask_is_told_no_times),
		GUEST_TEST(test_an_inventory_tells_when_its_disks_came),
		GUEST_TEST(test_an_inventory_with_times_is_the_same_inventory),
		GUEST_TEST(test_a_disk_that_was_there_was_not_expected),
		GUEST_TEST(test_ping_tells_the_time),
		GUEST_TEST(test_timing_is_true_or_false),
		cmocka_unit_test(test_a_new_disk_is_told_from_all_else),
		cmocka_unit_test(test_nothing_is_known_of_who_did_not_come),
	};

	json_object_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
