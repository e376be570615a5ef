/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread that stays for the next one who needs one. */
#include "spare-thread.h"

#include <stdbool.h>
#include <stdlib.h>

#include "thread.h"

struct work {
	void (*run)(void *data); /* NULL: none, the thread is to end */
	void *data;
};

struct worker {
	struct spare_thread *spare;
	pthread_t thread;
	pthread_cond_t given;
	struct work work; /* what it does, or is to do next */
};

struct spare_thread {
	unsigned refs; /* the owner's, and one for each thread; atomic */
	pthread_mutex_t lock;
	struct worker *waiter; /* NULL: no thread waits */
	bool closed;
};

static void unref(struct spare_thread *spare)
{
	if (__atomic_sub_fetch(&spare->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	pthread_mutex_destroy(&spare->lock);
	free(spare);
}

struct spare_thread *spare_thread_new(void)
{
	struct spare_thread *spare = calloc(1, sizeof(*spare));

	if (!spare)
		return NULL;
	spare->refs = 1;
	pthread_mutex_init(&spare->lock, NULL);
	return spare;
}

/* With the lock held: the thread that waits gets it, if there is one. */
static bool give(struct spare_thread *spare, struct work work, pthread_t *ret_thread)
{
	struct worker *waiter = spare->waiter;

	if (!waiter)
		return false;
	spare->waiter = NULL;
	*ret_thread = waiter->thread;
	waiter->work = work;
	pthread_cond_signal(&waiter->given);
	return true;
}

/* Waits for what to do next, if no other one does. False: it is to end. */
static bool next(struct worker *worker)
{
	struct spare_thread *spare = worker->spare;
	bool waits;

	worker->work = (struct work){};
	pthread_mutex_lock(&spare->lock);
	waits = !spare->waiter && !spare->closed;
	if (waits)
		spare->waiter = worker;
	while (spare->waiter == worker)
		pthread_cond_wait(&worker->given, &spare->lock);
	pthread_mutex_unlock(&spare->lock);
	/* One that waits for its end is joined. */
	if (!waits)
		pthread_detach(pthread_self());
	return worker->work.run;
}

static struct worker *destroy(struct worker *worker)
{
	unref(worker->spare);
	pthread_cond_destroy(&worker->given);
	free(worker);
	return NULL;
}

static void *run(void *data)
{
	struct worker *worker = data;

	worker->thread = pthread_self();
	pthread_setname_np(worker->thread, "hotslot-spare");
	do
		worker->work.run(worker->work.data);
	while (next(worker));
	return destroy(worker);
}

static int begin(struct spare_thread *spare, struct work work)
{
	struct worker *worker = malloc(sizeof(*worker));
	pthread_t thread;
	int r;

	if (!worker)
		return -ENOMEM;
	__atomic_add_fetch(&spare->refs, 1, __ATOMIC_RELAXED);
	*worker = (struct worker){ .spare = spare, .work = work };
	pthread_cond_init(&worker->given, NULL);
	r = thread_create(run, worker, &thread);
	if (r < 0)
		destroy(worker);
	return r;
}

int spare_thread_run(struct spare_thread *spare, void (*run_this)(void *data), void *data)
{
	const struct work work = { run_this, data };
	pthread_t thread;
	bool given;

	pthread_mutex_lock(&spare->lock);
	given = give(spare, work, &thread);
	pthread_mutex_unlock(&spare->lock);
	return given ? 0 : begin(spare, work);
}

struct spare_thread *spare_thread_free(struct spare_thread *spare)
{
	pthread_t thread;
	bool waits;

	if (!spare)
		return NULL;
	pthread_mutex_lock(&spare->lock);
	spare->closed = true;
	waits = give(spare, (struct work){}, &thread);
	pthread_mutex_unlock(&spare->lock);
	if (waits)
		pthread_join(thread, NULL);
	unref(spare);
	return NULL;
}
