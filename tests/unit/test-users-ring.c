/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that is registered with io_uring is found, and a ring that does not tell is no ring
 * without it. */
#include "test.h"

#include <sys/inotify.h>
#include <sys/sysmacros.h>

#include "users.h"

#define RING "anon_inode:[io_uring]"

/* Lines of which more than a small file has come before that of the files: requests that wait. */
#define REQUESTS 4096

/* More busy rings than are waited for: BUSY_RINGS_MAX. */
#define RINGS 13
#define RINGS_WAITED_FOR 10

/* Process 40 has a ring as its descriptor 7; the disk is sdb. */
struct fixture {
	struct tree tree;
	int procfd, sysfd;
	struct disk_user user;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_tree(&fixture->tree);
	put_text(&fixture->tree, "sys/class/block/sdb/dev", "8:16\n");
	put_text(&fixture->tree, "proc/sys/kernel/osrelease", "6.1.0-32-cloud-amd64\n");
	put_text(&fixture->tree, "proc/40/comm", "db\n");
	put_link(&fixture->tree, "proc/40/fd/7", RING);
	fixture->procfd = open_below(&fixture->tree, "proc");
	fixture->sysfd = open_below(&fixture->tree, "sys");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->procfd);
	close(fixture->sysfd);
	remove_tree(&fixture->tree);
	free(fixture);
	return 0;
}

static size_t count_users(struct fixture *fixture)
{
	const struct disk disk = { .name = "sdb", .devnum = makedev(8, 16) };
	size_t count;

	assert_int_equal(disk_users_find(fixture->procfd, fixture->sysfd, NULL, 77, &disk, NULL, 0,
				 &fixture->user, 1, &count),
		0);
	return count;
}

static void put_ring(struct fixture *fixture, const char *fdinfo)
{
	put_text(&fixture->tree, "proc/40/fdinfo/7", fdinfo);
}

static void assert_unused(struct fixture *fixture)
{
	assert_int_equal(count_users(fixture), 0);
}

/* WHAT is "io_uring" if it is not known to be this disk. */
static void assert_open(struct fixture *fixture, const char *what)
{
	assert_int_equal(count_users(fixture), 1);
	assert_string_equal(fixture->user.kind, "open");
	assert_string_equal(fixture->user.device, "sdb");
	assert_string_equal(fixture->user.what, what);
	assert_int_equal(fixture->user.pid, 40);
}

static void test_a_ring_that_lists_the_disk_is_a_user(void **state)
{
	put_ring(*state, "UserFiles:\t2\n    0: <none>\n    1: sdb\nUserBufs:\t0\n");
	assert_open(*state, "");
	put_ring(*state, "UserFiles:\t9\n    8: /dev/sdb\nUserBufs:\t0\n");
	assert_open(*state, "");
}

static void test_a_ring_that_lists_others_is_none(void **state)
{
	put_ring(*state, "UserFiles:\t2\n    0: sda\n    1: <none>\nUserBufs:\t0\n");
	assert_unused(*state);
	put_ring(*state, "UserFiles:\t0\nUserBufs:\t1\n    0: sdb\n");
	assert_unused(*state);
}

static void test_a_ring_with_much_to_do_is_looked_through(void **state)
{
	static char fdinfo[REQUESTS * 100 + 100];
	size_t length = 0;

	for (unsigned i = 0; i < REQUESTS; i++)
		length += (size_t)snprintf(fdinfo + length, sizeof(fdinfo) - length,
			"%5u: opcode:NOP, fd:0, flags:0, off:0, addr:0x0, rw_flags:0x0, "
			"buf_index:0\n",
			i);
	strcpy(fdinfo + length, "UserFiles:\t1\n    0: sdb\nUserBufs:\t0\n");
	put_ring(*state, fdinfo);
	assert_open(*state, "");
}

static void test_a_busy_ring_is_a_user(void **state)
{
	struct fixture *fixture = *state;

	put_ring(fixture, "SqMask:\t0x3\nUserFiles:\t1\nUserBufs:\t0\nPollList:\n");
	assert_open(fixture, "io_uring");
	put_text(&fixture->tree, "proc/sys/kernel/osrelease", "6.18.0\n");
	assert_unused(fixture);
	put_ring(fixture, "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1\n");
	assert_open(fixture, "io_uring");
}

/* Returns a watch of what is opened in DIRECTORY. What is closed, too: of two that are alike and
 * follow each other, one is told. */
static int watch_opened(const struct tree *tree, const char *directory)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[PATH_MAX];

	assert_true(watch >= 0);
	snprintf(path, sizeof(path), "%s/%s", tree->path, directory);
	assert_true(inotify_add_watch(watch, path, IN_OPEN | IN_CLOSE) >= 0);
	return watch;
}

/* Counts by name, a number, how often each was opened; closes WATCH. */
static void count_opened(int watch, unsigned *counts, size_t n)
{
	_Alignas(struct inotify_event) char events[4096];
	const struct inotify_event *event;
	ssize_t length;

	while ((length = read(watch, events, sizeof(events))) > 0)
		for (char *at = events; at < events + length; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			assert_false(event->mask & IN_Q_OVERFLOW);
			if (event->mask & IN_OPEN && event->len && (size_t)atoi(event->name) < n)
				counts[atoi(event->name)]++;
		}
	close(watch);
}

static void put_busy_rings(struct fixture *fixture)
{
	char path[64];

	for (unsigned i = 0; i < RINGS; i++) {
		snprintf(path, sizeof(path), "proc/40/fdinfo/%u", i);
		put_text(&fixture->tree, path, "UserFiles:\t1\nUserBufs:\t0\n");
		snprintf(path, sizeof(path), "proc/40/fd/%u", i);
		if (i != 7) /* which is there */
			put_link(&fixture->tree, path, RING);
	}
}

/* It is asked once, those before it until their time is over. */
static void test_a_busy_ring_behind_many_is_not_waited_for(void **state)
{
	struct fixture *fixture = *state;
	unsigned counts[RINGS] = {}, once = 0;
	int watch;

	put_busy_rings(fixture);
	watch = watch_opened(&fixture->tree, "proc/40/fdinfo");
	assert_open(fixture, "io_uring");
	count_opened(watch, counts, RINGS);
	for (unsigned i = 0; i < RINGS; i++) {
		assert_true(counts[i] > 0);
		once += counts[i] == 1;
	}
	assert_in_range(once, RINGS - RINGS_WAITED_FOR, RINGS - 1);
}

static void test_a_ring_that_was_closed_meanwhile_is_none(void **state)
{
	assert_unused(*state);
}

static void test_a_mapped_ring_without_a_descriptor_is_a_user(void **state)
{
	struct fixture *fixture = *state;

	put_ring(fixture, "UserFiles:\t0\nUserBufs:\t0\n");
	put_link(&fixture->tree, "proc/40/map_files/1-2", RING);
	assert_unused(fixture);
	assert_int_equal(unlinkat(fixture->tree.fd, "proc/40/fd/7", 0), 0);
	assert_open(fixture, "io_uring");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_a_ring_that_lists_the_disk_is_a_user),
		TEST(test_a_ring_that_lists_others_is_none),
		TEST(test_a_ring_with_much_to_do_is_looked_through),
		TEST(test_a_busy_ring_is_a_user),
		TEST(test_a_busy_ring_behind_many_is_not_waited_for),
		TEST(test_a_ring_that_was_closed_meanwhile_is_none),
		TEST(test_a_mapped_ring_without_a_descriptor_is_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
