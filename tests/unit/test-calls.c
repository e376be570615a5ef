/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is among the calls of one process. */
#include "test.h"

#include <pthread.h>
#include <sched.h>

#include "domain.h"
#include "error.h"

struct caller_thread {
	pthread_t thread;
	struct hotslot_domain *domain;
	unsigned *count, place;
	int r;
};

static void init_domain(struct hotslot_domain *domain)
{
	static struct hotslot hotslot; /* not of an embedded driver */

	*domain = (struct hotslot_domain){ &hotslot, .name = (char *)"vm", .events = events_new() };
}

static void *call(void *data)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct caller_thread *self = data;
	struct hotslot_error error = {};

	self->r = domain_begin(self->domain, 10000, &call, &error);
	self->place = (*self->count)++;
	return NULL;
}

/* How many callers wait. */
static unsigned count_waiting(struct hotslot_domain *domain)
{
	unsigned n = 0;

	pthread_mutex_lock(&domain->events->lock);
	for (const struct caller *caller = domain->callers; caller; caller = caller->next)
		n++;
	pthread_mutex_unlock(&domain->events->lock);
	return n;
}

static void test_calls_come_in_order(void **state)
{
	struct hotslot_domain domain, *first = NULL;
	struct caller_thread threads[5];
	struct hotslot_error error = {};
	unsigned count = 0;

	(void)state;
	init_domain(&domain);
	assert_int_equal(domain_begin(&domain, 0, &first, &error), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] = (struct caller_thread){ .domain = &domain, .count = &count };
		pthread_create(&threads[i].thread, NULL, call, &threads[i]);
		while (count_waiting(&domain) <= i)
			sched_yield();
	}
	assert_int_equal(count, 0);
	domain_endp(&first);
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i].thread, NULL);
		assert_int_equal(threads[i].r, 0);
		assert_int_equal(threads[i].place, i);
	}
	events_unref(domain.events);
}

static void test_a_call_waits_for_others_as_long_as_it_may(void **state)
{
	struct hotslot_domain domain, *first = NULL, *second = NULL;
	struct hotslot_error error = {};
	uint64_t start = now_ms();

	(void)state;
	init_domain(&domain);
	assert_int_equal(domain_begin(&domain, 0, &first, &error), 0);
	assert_int_equal(domain_begin(&domain, 100, &second, &error), -EBUSY);
	assert_in_range(now_ms() - start, 100, 1000);
	assert_int_equal(error.code, HOTSLOT_ERROR_BUSY);
	assert_string_equal(error.message,
		"Domain vm is busy: other calls of this process on it did not end in time");
	hotslot_domain_set_timeout(&domain, 200);
	start = now_ms();
	assert_int_equal(domain_begin(&domain, 0, &second, &error), -EBUSY);
	assert_in_range(now_ms() - start, 200, 1000);
	assert_null(second);
	domain_endp(&second);
	domain_endp(&first);
	assert_int_equal(domain_begin(&domain, 0, &second, &error), 0);
	domain_endp(&second);
	events_unref(domain.events);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_come_in_order),
		cmocka_unit_test(test_a_call_waits_for_others_as_long_as_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
