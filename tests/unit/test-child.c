/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/child.h: a child ends with its parent. agent/daemon/jobs.h: those that do not end
 * are not too many. */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "child.h"
#include "jobs.h"

/* A child takes milliseconds; only a broken one makes the test wait. */
#define PATIENCE_MS 20000

/* Keeps the descriptor open until it is killed. */
static int stay(void *data)
{
	(void)data;
	return pause();
}

static _Noreturn void be_parent(int kept)
{
	struct child *child;

	if (child_start(stay, NULL, &kept, 1, &child) < 0)
		_exit(1);
	raise(SIGKILL);
	_exit(1);
}

static void test_a_child_dies_with_its_parent(void **state)
{
	struct pollfd end = { .events = POLLIN };
	int ends[2], status;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		be_parent(ends[1]);
	close(ends[1]);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFSIGNALED(status));
	end.fd = ends[0];
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	close(ends[0]);
}

/* Until somebody closes the other end. */
static int hang(void *data)
{
	char byte;

	return read(*(int *)data, &byte, 1) != 0;
}

static void await_ends(void)
{
	siginfo_t child;

	for (int i = 0; i < JOBS_MAX; i++)
		assert_int_equal(waitid(P_ALL, 0, &child, WEXITED), 0);
}

static void test_jobs_that_hang_are_not_doubled_nor_without_end(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < JOBS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "scan %d", i);
		assert_int_equal(job_start(name, hang, &ends[0], ends[0]), 0);
		assert_int_equal(job_start(name, hang, &ends[0], ends[0]), -EALREADY);
	}
	assert_int_equal(job_start("one more", hang, &ends[0], ends[0]), -EBUSY);
	assert_int_equal(job_start("scan 0", hang, &ends[0], ends[0]), -EALREADY);
	close(ends[1]);
	await_ends();
	assert_int_equal(job_start("scan 0", hang, &ends[0], ends[0]), 0);
	close(ends[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_dies_with_its_parent),
		cmocka_unit_test(test_jobs_that_hang_are_not_doubled_nor_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
