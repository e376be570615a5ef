/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread that stays for the next one who needs one. */
#include "test.h"

#include <dirent.h>
#include <time.h>

#include "spare-thread.h"
#include "thread.h"
#include "util.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;

struct job {
	bool begun, hangs, done;
	pid_t thread;
};

static void run(void *data)
{
	struct job *job = data;

	pthread_mutex_lock(&lock);
	job->begun = true;
	job->thread = gettid();
	pthread_cond_broadcast(&changed);
	while (job->hangs)
		pthread_cond_wait(&changed, &lock);
	job->done = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void await(const bool *what)
{
	pthread_mutex_lock(&lock);
	while (!*what)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void release(struct job *job)
{
	pthread_mutex_lock(&lock);
	job->hangs = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static unsigned count_threads(void)
{
	_cleanup_closedir_ DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(tasks);
	while ((entry = readdir(tasks)))
		n += entry->d_name[0] != '.';
	return n;
}

/* Whatever is done before says so a moment before it is. */
static void pause_shortly(void)
{
	const struct timespec time = { .tv_nsec = 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

/* Beside those that there were before. */
static unsigned others;

static void await_threads(unsigned n)
{
	while (count_threads() != others + n)
		pause_shortly();
}

static void test_the_thread_that_waits_does_what_comes_next(void **state)
{
	struct spare_thread *spare = spare_thread_new();
	struct job first = {}, next;

	(void)state;
	assert_int_equal(spare_thread_run(spare, run, &first), 0);
	await(&first.done);
	/* As soon as it waits. */
	do {
		pause_shortly();
		next = (struct job){};
		assert_int_equal(spare_thread_run(spare, run, &next), 0);
		await(&next.done);
	} while (next.thread != first.thread);
	assert_int_not_equal(next.thread, gettid());
	assert_null(spare_thread_free(spare));
}

static void test_what_hangs_holds_up_nothing_else(void **state)
{
	struct spare_thread *spare = spare_thread_new();
	struct job hanging = { .hangs = true }, next = {};

	(void)state;
	assert_int_equal(spare_thread_run(spare, run, &hanging), 0);
	await(&hanging.begun);
	assert_int_equal(spare_thread_run(spare, run, &next), 0);
	await(&next.done);
	assert_int_not_equal(next.thread, hanging.thread);
	/* One of them waits, and no other. */
	release(&hanging);
	await(&hanging.done);
	await_threads(1);
	spare_thread_free(spare);
}

static void test_no_thread_is_left(void **state)
{
	struct spare_thread *spare = spare_thread_new();
	struct job job = {};

	(void)state;
	assert_int_equal(count_threads(), others);
	assert_int_equal(spare_thread_run(spare, run, &job), 0);
	await(&job.done);
	spare_thread_free(spare);
	await_threads(0);
	spare_thread_free(spare_thread_new());
	spare_thread_free(NULL);
}

static void test_what_hangs_goes_on_by_itself(void **state)
{
	struct spare_thread *spare = spare_thread_new();
	struct job job = { .hangs = true };

	(void)state;
	assert_int_equal(spare_thread_run(spare, run, &job), 0);
	await(&job.begun);
	spare_thread_free(spare);
	assert_false(job.done);
	release(&job);
	await(&job.done);
	await_threads(0);
}

static void *do_nothing(void *data)
{
	return data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_thread_that_waits_does_what_comes_next),
		cmocka_unit_test(test_what_hangs_holds_up_nothing_else),
		cmocka_unit_test(test_no_thread_is_left),
		cmocka_unit_test(test_what_hangs_goes_on_by_itself),
	};
	pthread_t first;

	pthread_cond_init(&changed, NULL);
	/* A sanitizer may have one of its own, from the first one on. */
	assert_int_equal(pthread_create(&first, NULL, do_nothing, NULL), 0);
	pthread_join(first, NULL);
	others = count_threads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
