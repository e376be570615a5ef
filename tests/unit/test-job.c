/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for libvirt's jobs: how often libvirt is asked, and one that does not answer. What it
 * says of jobs is this test's; the domain is its test driver's. */
#include "test.h"

#include <time.h>

#include "error.h"
#include "job.h"
#include "qemu-question.h"
#include "thread.h"

/* Longer than an answer holds. */
#define LONG_MS 20

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned asked, answered;
	bool hangs, busy;
	int control; /* VIR_DOMAIN_CONTROL_* */
	pthread_t asker;
} libvirt = { .lock = PTHREAD_MUTEX_INITIALIZER };

int virDomainGetJobStats(virDomainPtr domain, int *type, virTypedParameterPtr *ret_statistics,
	int *ret_count, unsigned int flags)
{
	(void)domain;
	(void)flags;
	pthread_mutex_lock(&libvirt.lock);
	libvirt.asked++;
	libvirt.asker = pthread_self();
	while (libvirt.hangs)
		pthread_cond_wait(&libvirt.changed, &libvirt.lock);
	*type = libvirt.busy ? VIR_DOMAIN_JOB_UNBOUNDED : VIR_DOMAIN_JOB_NONE;
	libvirt.answered++;
	pthread_cond_broadcast(&libvirt.changed);
	pthread_mutex_unlock(&libvirt.lock);
	*ret_statistics = NULL;
	*ret_count = 0;
	return 0;
}

int virDomainGetControlInfo(virDomainPtr domain, virDomainControlInfoPtr info, unsigned int flags)
{
	(void)domain;
	(void)flags;
	*info = (virDomainControlInfo){ .state = libvirt.control };
	return 0;
}

static void set(bool *what, bool value)
{
	pthread_mutex_lock(&libvirt.lock);
	*what = value;
	pthread_cond_broadcast(&libvirt.changed);
	pthread_mutex_unlock(&libvirt.lock);
}

static unsigned count_asked(void)
{
	unsigned asked;

	pthread_mutex_lock(&libvirt.lock);
	asked = libvirt.asked;
	pthread_mutex_unlock(&libvirt.lock);
	return asked;
}

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static int setup(void **state)
{
	struct hotslot *hotslot;
	struct hotslot_domain *domain;
	struct hotslot_error error;

	assert_int_equal(hotslot_open("test:///default", &hotslot, &error), 0);
	assert_int_equal(hotslot_domain_lookup(hotslot, "test", &domain, &error), 0);
	hotslot_unref(hotslot);
	*state = domain;
	return 0;
}

static int teardown(void **state)
{
	hotslot_domain_unref(*state);
	return 0;
}

static int await_within(struct hotslot_domain *domain, unsigned ms, struct hotslot_error *error)
{
	*error = (struct hotslot_error){};
	return job_await(domain, now_ms() + ms, error);
}

static void test_what_was_just_asked_is_not_asked_again(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;
	unsigned asked, most = 1000;

	/* A machine that has much to do may take long. */
	do {
		asked = count_asked();
		assert_int_equal(await_within(domain, 1000, &error), 0);
		assert_int_equal(await_within(domain, 1000, &error), 0);
	} while (count_asked() != asked && --most > 0);
	assert_int_not_equal(most, 0);
}

static void test_a_job_that_begins_later_is_seen(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	assert_int_equal(await_within(domain, 1000, &error), 0);
	set(&libvirt.busy, true);
	pause_ms(LONG_MS);
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	/* That there is one does not hold. */
	set(&libvirt.busy, false);
	assert_int_equal(await_within(domain, 1000, &error), 0);
}

static void test_after_a_call_that_failed_it_is_asked_again(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;
	unsigned asked;

	assert_int_equal(await_within(domain, 1000, &error), 0);
	asked = count_asked();
	(void)job_came_between(domain, now_ms());
	assert_int_equal(await_within(domain, 1000, &error), 0);
	assert_int_equal(count_asked(), asked + 1);
}

static void test_what_was_asked_before_is_not_asked_again(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;
	unsigned asked, most = 1000;

	do {
		pause_ms(LONG_MS);
		asked = count_asked();
		job_ask(domain);
		assert_int_equal(await_within(domain, 1000, &error), 0);
	} while (count_asked() != asked + 1 && --most > 0);
	assert_int_not_equal(most, 0);
}

/* Later, it would be old. */
static void test_that_all_is_told_does_not_outlast_the_call(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	pause_ms(LONG_MS);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	assert_false(domain->told);
	pause_ms(LONG_MS);
	job_explain(domain, &error);
	assert_false(domain->told);
}

static void test_what_was_asked_long_before_is_asked_again(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	pause_ms(LONG_MS);
	job_ask(domain);
	pause_ms(LONG_MS);
	set(&libvirt.busy, true);
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	set(&libvirt.busy, false);
}

/* The question stands: libvirt is not asked once more. */
static void test_a_question_that_hangs_does_not_outlast_the_deadline(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;
	unsigned asked;

	pause_ms(LONG_MS);
	set(&libvirt.hangs, true);
	asked = count_asked();
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(count_asked(), asked + 1);
	set(&libvirt.hangs, false);
	assert_int_equal(await_within(domain, 1000, &error), 0);
}

static void test_a_domain_goes_while_a_question_hangs(void **state)
{
	void *other;
	struct hotslot_error error;
	unsigned answered;

	(void)state;
	setup(&other);
	set(&libvirt.hangs, true);
	answered = libvirt.answered;
	assert_int_equal(await_within(other, 1, &error), -EBUSY);
	assert_false(qemu_question_hangs());
	teardown(&other);
	assert_true(qemu_question_hangs());
	set(&libvirt.hangs, false);
	pthread_mutex_lock(&libvirt.lock);
	while (libvirt.answered == answered)
		pthread_cond_wait(&libvirt.changed, &libvirt.lock);
	pthread_mutex_unlock(&libvirt.lock);
	while (qemu_question_hangs())
		pause_ms(1);
}

static bool was_asked_here(void)
{
	bool here;

	pthread_mutex_lock(&libvirt.lock);
	here = pthread_equal(libvirt.asker, pthread_self());
	pthread_mutex_unlock(&libvirt.lock);
	return here;
}

/* What was asked before is old then. */
static void embed(struct hotslot_domain *domain, bool embedded)
{
	domain->hotslot->embedded = embedded;
	pause_ms(LONG_MS);
}

static void test_only_an_embedded_driver_is_asked_in_the_call(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	embed(domain, false);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	assert_false(was_asked_here());
	embed(domain, true);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	assert_true(was_asked_here());
	embed(domain, false);
}

static void test_an_embedded_driver_has_a_job_seen(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	embed(domain, true);
	set(&libvirt.busy, true);
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	set(&libvirt.busy, false);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	embed(domain, false);
}

/* Of what it would have to wait for. */
static void test_an_embedded_driver_that_is_busy_is_asked_in_a_thread(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	embed(domain, true);
	libvirt.control = VIR_DOMAIN_CONTROL_OCCUPIED;
	set(&libvirt.hangs, true);
	assert_int_equal(await_within(domain, 1, &error), -EBUSY);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	set(&libvirt.hangs, false);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	libvirt.control = VIR_DOMAIN_CONTROL_OK;
	embed(domain, false);
}

/* One that does not run is being started, or comes from another host. */
static void test_of_a_domain_that_is_paused_it_is_asked_in_a_thread(void **state)
{
	struct hotslot_domain *domain = *state;
	struct hotslot_error error;

	assert_int_equal(virDomainSuspend(domain->domain), 0);
	embed(domain, true);
	assert_int_equal(await_within(domain, 1000, &error), 0);
	assert_false(was_asked_here());
	embed(domain, false);
	assert_int_equal(virDomainResume(domain->domain), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_just_asked_is_not_asked_again),
		cmocka_unit_test(test_a_job_that_begins_later_is_seen),
		cmocka_unit_test(test_after_a_call_that_failed_it_is_asked_again),
		cmocka_unit_test(test_what_was_asked_before_is_not_asked_again),
		cmocka_unit_test(test_that_all_is_told_does_not_outlast_the_call),
		cmocka_unit_test(test_what_was_asked_long_before_is_asked_again),
		cmocka_unit_test(test_a_question_that_hangs_does_not_outlast_the_deadline),
		cmocka_unit_test(test_a_domain_goes_while_a_question_hangs),
		cmocka_unit_test(test_only_an_embedded_driver_is_asked_in_the_call),
		cmocka_unit_test(test_an_embedded_driver_has_a_job_seen),
		cmocka_unit_test(test_an_embedded_driver_that_is_busy_is_asked_in_a_thread),
		cmocka_unit_test(test_of_a_domain_that_is_paused_it_is_asked_in_a_thread),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
