/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A release by force of a disk that the kernel hangs at, on a machine of files: the children that
 * look for its users wait for somebody to write to a pipe. */
#include "guest.h"

#include <sys/stat.h>

/* Its node is a file by the time it is opened, which is no device: 0:0. */
static void put_hanging_disk(struct guest *guest, const char *state)
{
	put_guest_disk(guest, SDA, "0:0");
	put_attribute(&guest->machine, SDA, "diskseq", "0");
	put_sys_link(&guest->machine.tree, "sys", "block/sda", SDA);
	put_attribute(&guest->machine, SDA, "device/state", state);
	assert_int_equal(mkfifoat(guest->machine.tree.fd, "proc/swaps", 0600), 0);
	guest_look(guest, SDA);
	json_decref(hear_guest(guest));
	assert_int_equal(unlinkat(guest->machine.tree.fd, "dev/sda", 0), 0);
	put_text(&guest->machine.tree, "dev/sda", "");
}

/* The next answer is this, whatever events come before it. */
static void check_answer(struct guest *guest, const char *kind, const char *expected)
{
	_cleanup_free_ char *actual = NULL;
	json_t *frame;

	while (json_object_get(frame = hear_guest(guest), "event"))
		json_decref(frame);
	actual = json_dumps(json_object_get(frame, kind), JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(frame);
	assert_non_null(actual);
	assert_string_equal(actual, expected);
}

static void check_state(struct guest *guest, const char *expected)
{
	char state[32];
	int r = read_attr_at(guest->tracker.view.sys, SDA "/device/state", state, sizeof(state));

	assert_int_equal(r, 0);
	assert_string_equal(state, expected);
}

#define RELEASED "{\"place\":3,\"slot\":3,\"state\":\"released\",\"unwritten\":\"sda\"}"

static void test_a_disk_that_hangs_is_released_in_time_and_said_to_be_unwritten(void **state)
{
	struct guest *guest = *state;

	put_hanging_disk(guest, "running");
	ask(guest, "release", "{\"slot\":3,\"force\":true,\"deadline\":1000}");
	check_answer(guest, "return", RELEASED);
	check_state(guest, "offline");
	ask(guest, "release", "{\"slot\":3}");
	check_answer(guest, "return", RELEASED);
}

static void test_without_force_it_stays_in_use(void **state)
{
	struct guest *guest = *state;

	put_hanging_disk(guest, "running");
	ask(guest, "release", "{\"slot\":3,\"deadline\":100}");
	check_answer(guest, "error",
		"{\"class\":\"DeadlineExceeded\",\"desc\":\"writing back sda in slot 3 takes "
		"longer\"}");
	check_state(guest, "running");
}

/* That one begins first, whenever the disk can be taken. */
static void test_another_release_that_hangs_at_it_does_not_matter(void **state)
{
	struct guest *guest = *state;

	put_hanging_disk(guest, "running");
	ask(guest, "release", "{\"slot\":3,\"wait\":true}");
	ask(guest, "release", "{\"slot\":3,\"force\":true,\"deadline\":2000}");
	check_answer(guest, "return", RELEASED);
	check_answer(guest, "return", RELEASED);
	check_state(guest, "offline");
}

/* As an agent before this one left it: it is to be taken back first, which hangs, too. */
static void test_a_disk_that_hangs_while_it_is_given_back_is_released_in_time(void **state)
{
	struct guest *guest = *state;

	put_hanging_disk(guest, "offline");
	ask(guest, "release", "{\"slot\":3,\"force\":true,\"deadline\":1000}");
	check_answer(guest, "return", RELEASED);
	check_state(guest, "offline");
}

int main(void)
{
#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)
	static const struct CMUnitTest tests[] = {
		GUEST_TEST(test_a_disk_that_hangs_is_released_in_time_and_said_to_be_unwritten),
		GUEST_TEST(test_without_force_it_stays_in_use),
		GUEST_TEST(test_another_release_that_hangs_at_it_does_not_matter),
		GUEST_TEST(test_a_disk_that_hangs_while_it_is_given_back_is_released_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
