/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cancel, bye, status and what hello says of the disks, on a machine of files. */
#include "guest.h"

#include "pending.h"

/* The next frame as a whole, as JSON with sorted keys. */
static void check_whole(struct guest *guest, const char *expected)
{
	json_t *frame = hear_guest(guest);
	_cleanup_free_ char *actual = NULL;

	json_object_del(frame, "session");
	actual = json_dumps(frame, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(actual, expected);
	json_decref(frame);
}

static void say_with_id(struct guest *guest, const char *id, const char *rest)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"id\":%s,\"session\":\"0123456789abcdef\",%s}\n", id, rest);
	assert_int_equal(write(guest->host, text, strlen(text)), strlen(text));
}

static void expect(struct guest *guest, const char *id, unsigned slot)
{
	char rest[128];

	snprintf(rest, sizeof(rest), "\"execute\":\"expect\",\"arguments\":{\"slot\":%u}", slot);
	say_with_id(guest, id, rest);
}

static void cancel(struct guest *guest, const char *id)
{
	char rest[128];

	snprintf(rest, sizeof(rest), "\"execute\":\"cancel\",\"arguments\":{\"id\":%s}", id);
	say_with_id(guest, "0", rest);
}

static void release(struct guest *guest, json_t *id)
{
	struct pending wait = { .kind = PENDING_RELEASE,
		.id = id,
		.deadline = UINT64_MAX,
		.look_at = UINT64_MAX,
		.place = 3 };
	struct failure failure = {};

	assert_int_equal(pending_add(&guest->server, &wait, &failure), 0);
}

#define CANCELED(id) \
	"{\"error\":{\"class\":\"Canceled\",\"desc\":\"the request was canceled\"},\"id\":" id "}"

static void test_a_request_is_canceled_by_its_id_and_answered_first(void **state)
{
	struct guest *guest = *state;

	expect(guest, "7", 3);
	expect(guest, "\"7\"", 4);
	cancel(guest, "7");
	check_whole(guest, CANCELED("7"));
	check_whole(guest, "{\"id\":0,\"return\":{\"canceled\":1}}");
	cancel(guest, "7");
	check_whole(guest, "{\"id\":0,\"return\":{\"canceled\":0}}");
	cancel(guest, "\"7\"");
	check_whole(guest, CANCELED("\"7\""));
	check_whole(guest, "{\"id\":0,\"return\":{\"canceled\":1}}");
}

static void test_all_requests_with_an_id_are_canceled(void **state)
{
	struct guest *guest = *state;

	expect(guest, "7", 3);
	expect(guest, "7", 4);
	expect(guest, "8", 3);
	cancel(guest, "7");
	check_whole(guest, CANCELED("7"));
	check_whole(guest, CANCELED("7"));
	check_whole(guest, "{\"id\":0,\"return\":{\"canceled\":2}}");
	assert_int_equal(guest->server.n_pending, 1);
}

/* The child that takes the disk. */
static pid_t taker(const struct entry *entry)
{
	_cleanup_free_ char *data = NULL;
	char path[64];
	size_t length;

	assert_non_null(entry->hold);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", hold_fd(entry->hold));
	assert_int_equal(read_file_at(AT_FDCWD, path, 4096, &data, &length), 0);
	return atoi(strstr(data, "\nPid:") + 5);
}

/* A disk is taken for all who wait for it, and not begun anew. */
static void test_a_release_that_is_canceled_leaves_the_disk_to_the_others(void **state)
{
	struct guest *guest = *state;
	json_t *first = json_integer(7), *second = json_integer(8);
	struct entry *entry;
	pid_t pid;

	put_guest_disk(guest, SDA, "8:0");
	put_sys_link(&guest->machine.tree, "sys", "block/sda", SDA);
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
	entry = inventory_find_place(&guest->tracker.inventory, 3);
	release(guest, first);
	release(guest, second);
	pid = taker(entry);
	assert_int_equal(pending_cancel(&guest->server, first), 1);
	assert_int_equal(entry->state, ENTRY_TAKING);
	assert_int_equal(taker(entry), pid);
	assert_int_equal(pending_cancel(&guest->server, second), 1);
	assert_int_equal(entry->state, ENTRY_PRESENT);
	json_decref(first);
	json_decref(second);
}

static void test_what_is_no_id_cannot_be_canceled(void **state)
{
	static const char *const arguments[] = { "{}", "{\"id\":null}", "{\"id\":1.5}",
		"{\"id\":[7]}",
		"{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}" };
	struct guest *guest = *state;

	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
		ask(guest, "cancel", arguments[i]);
		check_frame(guest, "error", "class", "\"InvalidArgument\"");
	}
}

static void check_status(struct guest *guest, const char *member, const char *expected)
{
	ask(guest, "status", "{}");
	check_frame(guest, "return", member, expected);
}

static void test_status_says_what_waits_and_where_the_links_are(void **state)
{
	struct guest *guest = *state;
	char dev[PATH_MAX];

	expect(guest, "7", 3);
	check_status(guest, "waiting", "1");
	check_status(guest, "controllers", "[\"0000:00:03.0\"]");
	check_status(guest, "probing", "false");
	check_status(guest, "mirrors", "[]");
	snprintf(dev, sizeof(dev), "\"%s\"", guest->tracker.links.directory);
	check_status(guest, "dev", dev);
	put_text(&guest->machine.tree, "proc/self/statm", "900 3 2 1 0 1 0\n");
	snprintf(dev, sizeof(dev), "%ld", 3 * sysconf(_SC_PAGESIZE));
	check_status(guest, "memory", dev);
}

static void check_hello(struct guest *guest, const char *member, const char *expected)
{
	static const char hello[] = "{\"execute\":\"hello\",\"arguments\":{\"nonce\":"
				    "\"0123456789abcdef\",\"versions\":[1,9]}}\n";

	assert_int_equal(write(guest->host, hello, strlen(hello)), strlen(hello));
	check_frame(guest, "return", member, expected);
}

static void test_hello_says_what_the_host_before_has_left(void **state)
{
	struct guest *guest = *state;

	check_hello(guest, "versions", "[1]");
	check_hello(guest, "disks", "0");
	put_guest_disk(guest, SDA, "8:0");
	put_guest_disk(guest, SDC, "8:32");
	put_attribute(&guest->machine, SDC, "device/state", "offline");
	guest_look(guest, SDA);
	guest_look(guest, SDC);
	json_decref(hear_guest(guest));
	json_decref(hear_guest(guest));
	check_hello(guest, "disks", "2");
	check_hello(guest, "released", "1");
}

static void test_a_host_that_speaks_nothing_known_is_told_what_is(void **state)
{
	struct guest *guest = *state;

	ask(guest, "hello", "{\"nonce\":\"0123456789abcdef\",\"versions\":[2,3]}");
	check_frame(guest, "error", "versions", "[1]");
	ask(guest, "hello", "{\"nonce\":\"0123456789abcdef\",\"versions\":[]}");
	check_frame(guest, "error", "class", "\"UnsupportedVersion\"");
}

static void test_who_has_said_bye_is_sent_nothing_more(void **state)
{
	struct guest *guest = *state;

	expect(guest, "7", 3);
	ask(guest, "bye", "{}");
	check_whole(guest, "{\"return\":{}}");
	assert_int_equal(guest->server.n_pending, 1);
	put_guest_disk(guest, SDA, "8:0");
	guest_look(guest, SDA);
	server_tick(&guest->server);
	assert_int_equal(guest->server.n_pending, 0); /* answered to nobody, as the event is told */
	ask(guest, "ping", "{}");
	check_hello(guest, "disks", "1");
	put_guest_disk(guest, SDC, "8:32");
	guest_look(guest, SDC);
	check_frame(guest, "event", "slot", "4");
}

/* A slow agent reads what both have said at once. */
static void test_a_hello_behind_a_bye_is_answered(void **state)
{
	static const char both[] = "{\"execute\":\"bye\",\"session\":\"0123456789abcdef\"}\n"
				   "{\"execute\":\"hello\",\"arguments\":{\"nonce\":"
				   "\"fedcba9876543210\",\"versions\":[1]}}\n";
	struct guest *guest = *state;

	assert_int_equal(write(guest->host, both, strlen(both)), strlen(both));
	check_whole(guest, "{\"return\":{}}");
	check_frame(guest, "return", "nonce", "\"fedcba9876543210\"");
}

/* The kernel's device is another one, and its removal was not heard of. */
static void test_a_new_disk_in_a_slot_is_never_confirmed_as_the_one_before(void **state)
{
	struct guest *guest = *state;

	put_guest_disk(guest, SDA, "8:0");
	put_guest_serial(guest, SDA, "first");
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
	put_attribute(&guest->machine, SDA, "diskseq", "77");
	put_guest_serial(guest, SDA, "second");
	ask(guest, "expect", "{\"slot\":3,\"serial\":\"first\",\"deadline\":200}");
	check_frame(guest, "error", "class", "\"DeadlineExceeded\"");
	guest_look(guest, SDA);
	check_frame(guest, "event", "serial", "\"first\""); /* disk-removed */
	check_frame(guest, "event", "serial", "\"second\"");
	ask(guest, "expect", "{\"slot\":3,\"serial\":\"first\"}");
	check_frame(guest, "error", "desc",
		"\"the disk in slot 3 (sda): serial is second, not first\"");
}

int main(void)
{
#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_a_request_is_canceled_by_its_id_and_answered_first),
		GUEST_TEST(test_all_requests_with_an_id_are_canceled),
		GUEST_TEST(test_a_release_that_is_canceled_leaves_the_disk_to_the_others),
		GUEST_TEST(test_what_is_no_id_cannot_be_canceled),
		GUEST_TEST(test_status_says_what_waits_and_where_the_links_are),
		GUEST_TEST(test_hello_says_what_the_host_before_has_left),
		GUEST_TEST(test_a_host_that_speaks_nothing_known_is_told_what_is),
		GUEST_TEST(test_who_has_said_bye_is_sent_nothing_more),
		GUEST_TEST(test_a_hello_behind_a_bye_is_answered),
		GUEST_TEST(test_a_new_disk_in_a_slot_is_never_confirmed_as_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
