/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent answers that runs before the drivers of disks, on a machine of files. */
#include "guest.h"

#include "pending.h"
#include "starting.h"

#define MARK "run/" STARTING_MARK

struct early {
	struct guest *guest;
	struct starting starting;
};

static int set_up(void **state)
{
	struct early *early = calloc(1, sizeof(*early));

	assert_int_equal(set_up_guest((void **)&early->guest), 0);
	put_text(&early->guest->machine.tree, MARK, "");
	assert_int_equal(starting_open(&early->starting, &early->guest->server), 0);
	assert_non_null(early->guest->server.starting);
	*state = early;
	return 0;
}

static int tear_down(void **state)
{
	struct early *early = *state;

	starting_close(&early->starting);
	tear_down_guest((void **)&early->guest);
	free(early);
	return 0;
}

static void put_cold_disk(struct guest *guest)
{
	put_guest_disk(guest, SDA, "8:0");
	put_sys_link(&guest->machine.tree, "sys", "block/sda", SDA);
}

static void start(struct guest *guest)
{
	assert_int_equal(unlinkat(guest->machine.tree.fd, MARK, 0), 0);
}

static json_t *hello(struct guest *guest)
{
	static const char text[] = "{\"execute\":\"hello\",\"arguments\":{\"nonce\":"
				   "\"0123456789abcdef\",\"versions\":[1]}}\n";
	json_t *frame, *answer;

	assert_int_equal(write(guest->host, text, strlen(text)), strlen(text));
	frame = hear_guest(guest);
	answer = json_incref(json_object_get(frame, "return"));
	assert_non_null(answer);
	json_decref(frame);
	return answer;
}

static void test_hello_does_not_count_disks_before_they_are_found(void **state)
{
	struct early *early = *state;
	json_t *answer = hello(early->guest);

	assert_null(json_object_get(answer, "disks"));
	assert_null(json_object_get(answer, "released"));
	json_decref(answer);
	start(early->guest);
	ask(early->guest, "disks", "{}");
	check_frame(early->guest, "return", "total", "0");
	answer = hello(early->guest);
	assert_int_equal(json_integer_value(json_object_get(answer, "disks")), 0);
	assert_int_equal(json_integer_value(json_object_get(answer, "released")), 0);
	json_decref(answer);
}

static void test_a_ping_does_not_wait(void **state)
{
	struct early *early = *state;
	json_t *frame;

	ask(early->guest, "disks", "{}");
	ask(early->guest, "ping", "{}");
	frame = hear_guest(early->guest);
	assert_int_equal(json_object_size(json_object_get(frame, "return")), 0);
	json_decref(frame);
}

static void test_requests_wait_for_the_disks(void **state)
{
	struct early *early = *state;
	struct guest *guest = early->guest;

	ask(guest, "disks", "{}");
	ask(guest, "release", "{\"slot\":4}");
	put_cold_disk(guest);
	start(guest);
	check_frame(guest, "event", "place", "3");
	check_frame(guest, "return", "total", "1");
	check_frame(guest, "return", "state", "\"gone\"");
	assert_null(guest->server.starting);
}

static void test_a_request_waits_no_longer_than_its_deadline(void **state)
{
	struct early *early = *state;

	ask(early->guest, "expect", "{\"slot\":3,\"deadline\":10}");
	check_frame(early->guest, "error", "class", "\"DeadlineExceeded\"");
	assert_int_equal(early->starting.n_held, 0);
}

/* Hosts ask so for what is known at once. */
static void test_an_inventory_waits_whatever_its_deadline(void **state)
{
	struct early *early = *state;

	ask(early->guest, "disks", "{\"deadline\":0}");
	ask(early->guest, "disks", "{\"contents\":true,\"deadline\":1}");
	ask(early->guest, "ping", "{}");
	json_decref(hear_guest(early->guest));
	usleep(2000);
	ask(early->guest, "ping", "{}");
	json_decref(hear_guest(early->guest));
	assert_int_equal(early->starting.n_held, 2);
	start(early->guest);
	check_frame(early->guest, "return", "total", "0");
	check_frame(early->guest, "return", "total", "0");
}

static void test_the_time_until_then_counts(void **state)
{
	struct early *early = *state;

	ask(early->guest, "expect", "{\"slot\":3,\"deadline\":60000}");
	ask(early->guest, "ping", "{}");
	json_decref(hear_guest(early->guest));
	usleep(20000);
	start(early->guest);
	ask(early->guest, "status", "{}");
	check_frame(early->guest, "return", "waiting", "1");
	assert_true(early->guest->server.pending->deadline <= now_ms() + 60000 - 20);
}

static void test_too_many_are_refused(void **state)
{
	struct early *early = *state;

	for (size_t i = 0; i < STARTING_HELD_MAX; i++) {
		ask(early->guest, "disks", "{}");
		if (i % 64 == 0) {
			ask(early->guest, "ping", "{}");
			json_decref(hear_guest(early->guest));
		}
	}
	ask(early->guest, "disks", "{}");
	check_frame(early->guest, "error", "class", "\"TooManyRequests\"");
	start(early->guest);
	for (size_t i = 0; i < STARTING_HELD_MAX; i++)
		check_frame(early->guest, "return", "total", "0");
}

/* In a member that the agent does not know. */
static void ask_at_length(struct guest *guest)
{
	char text[HOTSLOT_FRAME_MAX], blanks[60001];
	int length;

	memset(blanks, ' ', sizeof(blanks) - 1);
	blanks[sizeof(blanks) - 1] = '\0';
	length = snprintf(text, sizeof(text),
		"{\"execute\":\"disks\",\"session\":\"0123456789abcdef\",\"x\":\"%s\"}\n", blanks);
	assert_int_equal(write(guest->host, text, (size_t)length), length);
	ask(guest, "ping", "{}");
}

static void test_too_long_ones_are_refused(void **state)
{
	struct early *early = *state;

	for (size_t i = 0; i < STARTING_BYTES_MAX / 60000; i++) {
		ask_at_length(early->guest);
		json_decref(hear_guest(early->guest));
	}
	ask_at_length(early->guest);
	check_frame(early->guest, "error", "class", "\"TooManyRequests\"");
}

static void test_another_session_forgets_them(void **state)
{
	struct early *early = *state;

	ask(early->guest, "disks", "{}");
	json_decref(hello(early->guest));
	assert_int_equal(early->starting.n_held, 0);
}

static void test_a_controller_without_a_driver_is_known(void **state)
{
	struct early *early = *state;
	struct guest *guest = early->guest;
	struct controllers list;

	put_attribute(&guest->machine, CONTROLLER, "device", "0x0008");
	put_attribute(
		&guest->machine, "devices/pci0000:00/0000:00:04.0/virtio1", "device", "0x0003");
	put_sys_link(&guest->machine.tree, "sys", "bus/virtio/devices/virtio0", CONTROLLER);
	put_sys_link(&guest->machine.tree, "sys", "bus/virtio/devices/virtio1",
		"devices/pci0000:00/0000:00:04.0/virtio1");
	assert_int_equal(
		unlinkat(guest->machine.tree.fd, "sys/bus/virtio/drivers/virtio_scsi/virtio0", 0),
		0);
	assert_int_equal(controllers_list(&guest->tracker.view, &list), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.names[0], "0000:00:03.0");
	start(guest);
	ask(guest, "disks", "{}");
	check_frame(guest, "return", "total", "0");
	assert_int_equal(controllers_list(&guest->tracker.view, &list), 0);
	assert_int_equal(list.n, 0);
}

static void test_nothing_waits_elsewhere(void **state)
{
	struct early *early = *state;
	struct starting none;

	start(early->guest);
	ask(early->guest, "disks", "{}");
	check_frame(early->guest, "return", "total", "0");
	assert_int_equal(starting_open(&none, &early->guest->server), 0);
	assert_null(early->guest->server.starting);
	starting_close(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_hello_does_not_count_disks_before_they_are_found),
		TEST(test_a_ping_does_not_wait),
		TEST(test_requests_wait_for_the_disks),
		TEST(test_a_request_waits_no_longer_than_its_deadline),
		TEST(test_an_inventory_waits_whatever_its_deadline),
		TEST(test_the_time_until_then_counts),
		TEST(test_too_many_are_refused),
		TEST(test_too_long_ones_are_refused),
		TEST(test_another_session_forgets_them),
		TEST(test_a_controller_without_a_driver_is_known),
		TEST(test_nothing_waits_elsewhere),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
