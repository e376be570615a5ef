/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line on the terminal that says what is under way. A thread draws it, since the library's calls
 * return only when they are done. */
#include "progress.h"

#include <string.h>

#include "thread.h"
#include "util.h"

/* Goes to the start of the line and erases it (ECMA-48 EL). */
#define ERASE "\r\033[K"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended; /* monotonic */
static pthread_t thread;
static const char *current; /* NULL: nothing under way */
static bool drawn;

static void draw(unsigned seconds)
{
	fprintf(stderr, ERASE "%s", current);
	if (seconds > 0)
		fprintf(stderr, " (%u s)", seconds);
	fflush(stderr);
	drawn = true;
}

static void erase(void)
{
	if (drawn)
		fputs(ERASE, stderr);
	fflush(stderr);
	drawn = false;
}

/* Draws once a second until progress_end(). */
static void *run(void *data)
{
	struct timespec next;

	(void)data;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&lock);
	for (unsigned seconds = 1; current; seconds++) {
		int r = 0;

		next.tv_sec++;
		while (current && r == 0)
			r = pthread_cond_timedwait(&ended, &lock, &next);
		if (current)
			draw(seconds);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool is_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

static int start_thread(void)
{
	thread_init_cond(&ended);
	return -pthread_create(&thread, NULL, run, NULL);
}

void progress_begin(const char *text, bool at_once)
{
	if (!is_wanted())
		return;
	pthread_mutex_lock(&lock);
	current = text;
	if (at_once)
		draw(0);
	if (start_thread() < 0) { /* no progress then, that is all */
		current = NULL;
		erase();
	}
	pthread_mutex_unlock(&lock);
}

void progress_end(void)
{
	pthread_mutex_lock(&lock);
	if (!current) {
		pthread_mutex_unlock(&lock);
		return;
	}
	current = NULL;
	erase();
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	pthread_cond_destroy(&ended);
}

void progress_clear(void)
{
	pthread_mutex_lock(&lock);
	erase();
	pthread_mutex_unlock(&lock);
}
