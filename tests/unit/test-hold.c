/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of taking a disk out of use, on files that stand for the disk and its attributes. What
 * the kernel makes of them is for the tests in a VM. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#include "hold-guard.h"

/* A child takes milliseconds; only a broken one makes the test wait. */
#define PATIENCE_MS 20000

struct fixture {
	struct tree tree;
	struct hold_roots roots;
	struct disk disk;
	struct disk_user users[4];
	size_t count;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_tree(&fixture->tree);
	put_text(&fixture->tree, "sda", "contents");
	put_text(&fixture->tree, "sys/block/sda/device/state", "running");
	put_text(&fixture->tree, "sys/block/sda/device/delete", "");
	put_text(&fixture->tree, "proc/self/mountinfo", "");
	put_link(&fixture->tree, "proc/self/ns/mnt", "mnt:[1]");
	strcpy(fixture->disk.name, "sda");
	fixture->roots = (struct hold_roots){ .sysfd = open_below(&fixture->tree, "sys"),
		.procfd = open_below(&fixture->tree, "proc"),
		.dev_dir = fixture->tree.path,
		.run_dir = fixture->tree.path };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->roots.sysfd);
	close(fixture->roots.procfd);
	remove_tree(&fixture->tree);
	free(fixture);
	return 0;
}

static int finish(struct fixture *fixture, struct hold *hold)
{
	struct pollfd child = { .fd = hold_fd(hold), .events = POLLIN };

	assert_int_equal(poll(&child, 1, PATIENCE_MS), 1);
	return hold_finish(hold, fixture->users, ARRAY_SIZE(fixture->users), &fixture->count);
}

static int take(struct fixture *fixture, bool force, struct hold **ret)
{
	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, force, ret), 0);
	return finish(fixture, *ret);
}

static void assert_attribute(const struct fixture *fixture, const char *name, const char *expected)
{
	char path[64], value[32];

	snprintf(path, sizeof(path), "block/sda/device/%s", name);
	assert_int_equal(read_attr_at(fixture->roots.sysfd, path, value, sizeof(value)), 0);
	assert_string_equal(value, expected);
}

static void test_a_disk_is_taken_and_given_back(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_attribute(fixture, "state", "offline");
	assert_int_equal(hold_release(hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_attribute(fixture, "state", "running");
	hold_free(hold);
}

static void test_steps_come_one_after_the_other(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, true, &hold), 0);
	assert_int_equal(hold_release(hold), -EINVAL);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_int_equal(hold_finish(hold, NULL, 0, NULL), -EINVAL);
	assert_int_equal(hold_release(hold), 0);
	assert_int_equal(hold_release(hold), -EINVAL);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_int_equal(hold_release(hold), -EINVAL);
	hold_free(hold);
}

static void test_a_freed_hold_changes_nothing_any_more(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, true, &hold), 0);
	hold_free(hold);
	assert_attribute(fixture, "state", "running");
}

static void test_a_disk_in_use_is_left_alone_and_its_users_named(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	assert_int_equal(take(fixture, false, &hold), HOLD_BUSY);
	assert_int_equal(fixture->count, 1);
	assert_string_equal(fixture->users[0].kind, "swap");
	assert_attribute(fixture, "state", "running");
	assert_int_equal(hold_release(hold), -EINVAL);
	hold_free(hold);
}

static void test_force_does_not_ask_users_and_says_who_they_were(void **state)
{
	struct fixture *fixture = *state;
	const struct disk_user *users;
	struct hold *hold;

	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_attribute(fixture, "state", "offline");
	assert_true(hold_is_offline(hold));
	assert_int_equal(hold_users(hold, &users), 1);
	assert_string_equal(users[0].kind, "swap");
	hold_free(hold);
}

/* A file is no disk that could be flushed. */
static void test_force_says_that_it_was_not_written_back(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_true(hold_is_unwritten(hold));
	hold_free(hold);
}

/* The child waits for somebody to write to the pipe. */
static void test_force_takes_a_disk_although_the_kernel_hangs(void **state)
{
	struct fixture *fixture = *state;
	const struct disk_user *users;
	struct hold *hold;

	assert_int_equal(mkfifoat(fixture->tree.fd, "proc/swaps", 0600), 0);
	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, true, &hold), 0);
	assert_true(hold_hangs(hold));
	assert_int_equal(hold_give_up(hold), 0);
	assert_false(hold_hangs(hold));
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_true(hold_is_offline(hold));
	assert_true(hold_is_unwritten(hold));
	assert_int_equal(hold_users(hold, &users), 0);
	assert_attribute(fixture, "state", "offline");
	assert_int_equal(hold_release(hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_attribute(fixture, "state", "running");
	hold_free(hold);
}

static int check(struct fixture *fixture, struct hold *hold)
{
	assert_int_equal(hold_check(hold, &fixture->roots, &fixture->disk, NULL, 0), 0);
	return finish(fixture, hold);
}

static void test_who_came_before_it_was_offline_gets_it_back(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_int_equal(check(fixture, hold), HOLD_DONE);
	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	assert_int_equal(check(fixture, hold), HOLD_BUSY);
	assert_attribute(fixture, "state", "offline");
	assert_int_equal(hold_release(hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_attribute(fixture, "state", "running");
	assert_false(hold_is_offline(hold));
	hold_free(hold);
}

/* He has closed it, and what he has written may be in the cache alone. */
static void test_who_wrote_to_it_before_it_was_offline_gets_it_back(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	put_text(&fixture->tree, "sda", "other contents");
	assert_int_equal(check(fixture, hold), HOLD_BUSY);
	hold_free(hold);
}

static void test_a_check_that_is_not_over_can_be_broken_off(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_int_equal(hold_check(hold, &fixture->roots, &fixture->disk, NULL, 0), 0);
	assert_int_equal(hold_release(hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_attribute(fixture, "state", "running");
	hold_free(hold);
}

static void test_waiting_says_who_has_the_disk_until_nobody_has(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	assert_int_equal(hold_await(&fixture->roots, &fixture->disk, NULL, 0, 1000, &hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_BUSY);
	assert_int_equal(fixture->count, 1);
	assert_string_equal(fixture->users[0].kind, "swap");
	hold_free(hold);
	put_text(&fixture->tree, "proc/swaps", "Filename\n");
	assert_int_equal(hold_await(&fixture->roots, &fixture->disk, NULL, 0, 1000, &hold), 0);
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	hold_free(hold);
	assert_attribute(fixture, "state", "running");
}

/* Opens and closes the disk until the step is over; returns how long that took. */
static uint64_t disturb(struct fixture *fixture, struct hold *hold)
{
	struct pollfd child = { .fd = hold_fd(hold), .events = POLLIN };
	uint64_t start = now_ms();

	do {
		int fd = openat(fixture->tree.fd, "sda", O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		close(fd);
	} while (poll(&child, 1, 20) == 0);
	return now_ms() - start;
}

/* Not only when a second has passed; but the machine may be busy. */
static void test_waiting_ends_when_somebody_closes_the_disk(void **state)
{
	struct fixture *fixture = *state;
	uint64_t least = UINT64_MAX;

	put_text(&fixture->tree, "proc/swaps", "Filename\n/dev/sda partition 1 0 -2\n");
	for (int i = 0; i < 5 && least >= 900; i++) {
		struct hold *hold;
		uint64_t ms;

		assert_int_equal(
			hold_await(&fixture->roots, &fixture->disk, NULL, 0, 1000, &hold), 0);
		ms = disturb(fixture, hold);
		assert_int_equal(finish(fixture, hold), HOLD_BUSY);
		hold_free(hold);
		least = ms < least ? ms : least;
	}
	assert_in_range(least, 0, 899);
}

static int children;

static void count_child(void)
{
	children++;
}

/* Whoever closes a disk last writes back what is dirty, and the kernel may never end that. */
static void test_a_child_closes_a_disk_that_is_in_use_again(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, true, &hold), HOLD_DONE);
	assert_int_equal(hold_release(hold), 0);
	children = 0;
	assert_int_equal(finish(fixture, hold), HOLD_DONE);
	assert_int_equal(children, 1);
	hold_free(hold);
}

static void test_a_child_closes_a_disk_that_was_not_taken(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	unlinkat(fixture->tree.fd, "sys/block/sda/device/state", 0);
	assert_int_equal(take(fixture, true, &hold), -ENODEV);
	children = 0;
	hold_free(hold);
	assert_int_equal(children, 1);
}

/* A file is no disk that could be flushed. */
static void test_a_disk_that_cannot_be_flushed_stays_in_use(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	assert_int_equal(take(fixture, false, &hold), -ENOTTY);
	assert_attribute(fixture, "state", "running");
	hold_free(hold);
}

static void test_another_disk_of_that_name_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	fixture->disk.devnum = 0x800; /* the node's differs */
	assert_int_equal(take(fixture, true, &hold), -ENOTBLK);
	hold_free(hold);
	fixture->disk.devnum = 0;
	put_text(&fixture->tree, "sys/block/sda/diskseq", "9\n");
	fixture->disk.diskseq = 8;
	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, true, &hold), -ESTALE);
	assert_attribute(fixture, "state", "running");
}

static void test_a_disk_that_is_gone_is_said_to_be(void **state)
{
	struct fixture *fixture = *state;
	struct hold *hold;

	unlinkat(fixture->tree.fd, "sda", 0);
	assert_int_equal(take(fixture, true, &hold), -ENOTBLK);
	hold_free(hold);
	strcpy(fixture->disk.name, "sdb");
	assert_int_equal(hold_take(&fixture->roots, &fixture->disk, NULL, 0, true, &hold), -ENODEV);
}

static void test_a_disk_whose_guard_was_done_is_looked_at_again(void **state)
{
	struct fixture *fixture = *state;

	put_text(&fixture->tree, "sys/block/sda/uevent", "");
	assert_int_equal(hold_guard_mend(&fixture->roots, &fixture->disk), 0);
	/* If it was quick, its end is known already. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_attribute(fixture, "../uevent", "change");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_a_disk_is_taken_and_given_back),
		TEST(test_steps_come_one_after_the_other),
		TEST(test_a_freed_hold_changes_nothing_any_more),
		TEST(test_a_disk_in_use_is_left_alone_and_its_users_named),
		TEST(test_force_does_not_ask_users_and_says_who_they_were),
		TEST(test_force_says_that_it_was_not_written_back),
		TEST(test_force_takes_a_disk_although_the_kernel_hangs),
		TEST(test_who_came_before_it_was_offline_gets_it_back),
		TEST(test_who_wrote_to_it_before_it_was_offline_gets_it_back),
		TEST(test_a_check_that_is_not_over_can_be_broken_off),
		TEST(test_waiting_says_who_has_the_disk_until_nobody_has),
		TEST(test_waiting_ends_when_somebody_closes_the_disk),
		TEST(test_a_child_closes_a_disk_that_is_in_use_again),
		TEST(test_a_child_closes_a_disk_that_was_not_taken),
		TEST(test_a_disk_that_cannot_be_flushed_stays_in_use),
		TEST(test_another_disk_of_that_name_is_left_alone),
		TEST(test_a_disk_that_is_gone_is_said_to_be),
		TEST(test_a_disk_whose_guard_was_done_is_looked_at_again),
	};

	assert_int_equal(pthread_atfork(NULL, count_child, NULL), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
