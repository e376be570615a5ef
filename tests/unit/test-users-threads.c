/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users of a disk are found in whatever thread of a process they are, in this machine's /proc. */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "users.h"

/* Stands for the disk's SCSI generic device; hardly anybody has it open. */
#define DEVICE "/dev/full"

/* The processes of this machine can be users, too. */
#define USERS_MAX 64

struct fixture {
	struct tree tree;
	int sysfd;
	pid_t holder;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	make_tree(&fixture->tree);
	put_text(&fixture->tree, "class/block/sdb/dev", "8:16\n");
	put_text(&fixture->tree, "class/block/sdb/device/scsi_generic/sg1/dev", "1:7\n");
	fixture->sysfd = dup(fixture->tree.fd);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->holder > 0) {
		kill(fixture->holder, SIGKILL);
		waitpid(fixture->holder, NULL, 0);
	}
	close(fixture->sysfd);
	remove_tree(&fixture->tree);
	free(fixture);
	return 0;
}

/* Whether the holder is a user of the disk. */
static bool is_found(const struct fixture *fixture)
{
	static struct disk_user users[USERS_MAX];
	const struct disk disk = { .name = "sdb", .devnum = makedev(8, 16) };
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t count, n = 0;

	assert_int_equal(disk_users_find(procfd, fixture->sysfd, NULL, 1, &disk, NULL, 0, users,
				 USERS_MAX, &count),
		0);
	close(procfd);
	assert_true(count <= USERS_MAX);
	for (size_t i = 0; i < count; i++)
		n += users[i].pid == fixture->holder && !strcmp(users[i].kind, "open");
	assert_true(n <= 1);
	return n == 1;
}

static int ready; /* a pipe; in the holder */

static void *stay(void *unused)
{
	(void)unused;
	if (write(ready, "", 1) == 1)
		for (;;)
			pause();
	return NULL;
}

static void *hold(void *unused)
{
	return open(DEVICE, O_RDWR) < 0 ? NULL : stay(unused);
}

static void *hold_by_oneself(void *unused)
{
	return unshare(CLONE_FILES) < 0 ? NULL : hold(unused);
}

static void *hold_alone(void *unused)
{
	char path[64], stat[1024];
	const char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	do {
		sched_yield();
		if (read_attr_at(-1, path, stat, sizeof(stat)) < 0)
			return NULL;
		state = strrchr(stat, ')');
	} while (strncmp(state, ") Z", 3) != 0);
	return hold(unused);
}

/* Its first thread ends. */
static void end_before(void *(*thread)(void *))
{
	pthread_t id;

	pthread_create(&id, NULL, thread, NULL);
	pthread_exit(NULL);
}

static void leave_alone(void *(*thread)(void *))
{
	pthread_t id;

	pthread_create(&id, NULL, thread, NULL);
	for (;;)
		pause();
}

static void start(struct fixture *fixture, void (*run)(void *(*)(void *)), void *(*thread)(void *))
{
	char byte;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fixture->holder = fork();
	assert_true(fixture->holder >= 0);
	if (fixture->holder == 0) {
		close(ends[0]);
		ready = ends[1];
		run(thread);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
}

static void test_a_process_whose_first_thread_has_ended_is_found(void **state)
{
	start(*state, end_before, hold_alone);
	assert_true(is_found(*state));
}

static void test_a_thread_with_descriptors_of_its_own_is_found(void **state)
{
	start(*state, leave_alone, hold_by_oneself);
	assert_true(is_found(*state));
}

static void test_a_thread_that_does_not_use_it_is_no_user(void **state)
{
	start(*state, leave_alone, stay);
	assert_false(is_found(*state));
}

/* In a tree of files, with numbers that no process of this machine has. */
static void test_a_thread_with_mounts_of_its_own_is_found(void **state)
{
	struct fixture *fixture = *state;
	const struct tree *tree = &fixture->tree;
	const struct disk disk = { .name = "sdb", .devnum = makedev(8, 16) };
	struct disk_user user;
	size_t count;

	put_link(tree, "4194300/ns/mnt", "mnt:[1]");
	put_text(tree, "4194300/comm", "holder\n");
	put_text(tree, "4194300/mountinfo", "");
	put_link(tree, "4194300/task/4194300/ns/mnt", "mnt:[1]");
	put_link(tree, "4194300/task/4194301/ns/mnt", "mnt:[2]");
	put_text(tree, "4194300/task/4194301/mountinfo", "30 1 8:16 / /srv rw - xfs /dev/sdb rw\n");
	assert_int_equal(disk_users_find(tree->fd, fixture->sysfd, NULL, 1, &disk, NULL, 0, &user,
				 1, &count),
		0);
	assert_int_equal(count, 1);
	assert_string_equal(user.kind, "mount");
	assert_string_equal(user.what, "/srv");
	assert_int_equal(user.pid, 4194300);
	assert_string_equal(user.process, "holder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_a_process_whose_first_thread_has_ended_is_found),
		TEST(test_a_thread_with_descriptors_of_its_own_is_found),
		TEST(test_a_thread_that_does_not_use_it_is_no_user),
		TEST(test_a_thread_with_mounts_of_its_own_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
