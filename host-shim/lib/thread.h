/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of our own beside the program's, and waiting for them with a deadline. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

/* Nobody joins it. Signals are the program's: none is delivered to it. */
static inline int thread_start(void *(*run)(void *), void *data)
{
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, run, data);
	if (r == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

/* Of the calling thread, as by pthread_setname_np(3). That of another is written to a file of
 * /proc, which who starts one would have to wait for. */
static inline void thread_set_name(const char *name)
{
	pthread_setname_np(pthread_self(), name);
}

/* For thread_wait(), by the monotonic clock. */
static inline void thread_init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* Waits for COND, under LOCK, until DEADLINE (now_ms()) at most. Returns -ETIMEDOUT after that. */
static inline int thread_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t deadline)
{
	const struct timespec until = {
		.tv_sec = (time_t)(deadline / 1000),
		.tv_nsec = (long)(deadline % 1000) * 1000000,
	};

	return -pthread_cond_timedwait(cond, lock, &until);
}
