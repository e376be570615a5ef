/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot that watches a domain in one thread and uses it in another, and from what is
 * called for each event:
 *
 *     watcher URI DOMAIN [IMAGE]
 *
 * attaches the image, detaches it, and stops watching; then watches anew, and stops that before it
 * has begun. Without an image it says when it is ready, and stops when standard input says so.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include <hotslot.h>

static struct hotslot_domain *domain;
static sem_t ready, seen;
static bool stopped; /* set before the thread that reads it is there */

static void fail(const char *what, const struct hotslot_error *error)
{
	printf("%s: %s\n", what, error->message);
	exit(EXIT_FAILURE);
}

static void list(void)
{
	struct hotslot_disk **disks;
	struct hotslot_error error;
	size_t n;

	if (hotslot_list(domain, &disks, &n, &error) < 0)
		fail("list", &error);
	printf("seen, and %zu in the list\n", n);
	hotslot_disks_free(disks, n);
	sem_post(&seen);
}

static bool on_event(void *data, const struct hotslot_watch_event *event)
{
	(void)data;
	if (stopped)
		return false;
	if (event->kind == HOTSLOT_WATCH_READY)
		sem_post(&ready);
	if (event->kind == HOTSLOT_WATCH_ADDED || event->kind == HOTSLOT_WATCH_REMOVED)
		list();
	return true;
}

static void *watch(void *data)
{
	struct hotslot_error error;

	(void)data;
	if (hotslot_watch(domain, on_event, NULL, &error) < 0)
		fail("watch", &error);
	return NULL;
}

static void use(const char *image)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	struct hotslot_error error;

	options.image = image;
	options.slot = 0;
	sem_wait(&ready);
	puts("attached");
	if (hotslot_attach(domain, &options, NULL, &error) < 0)
		fail("attach", &error);
	sem_wait(&seen);
	if (hotslot_detach(domain, "0", NULL, &error) < 0)
		fail("detach", &error);
	sem_wait(&seen);
	hotslot_watch_stop(domain);
}

static void wait_for_word(void)
{
	sem_wait(&ready);
	puts("ready");
	(void)getchar();
	hotslot_watch_stop(domain);
}

static void stop_early(void)
{
	pthread_t thread;

	stopped = true;
	hotslot_watch_stop(domain);
	if (pthread_create(&thread, NULL, watch, NULL) == 0)
		pthread_join(thread, NULL);
	puts("ended early");
}

int main(int argc, char **argv)
{
	struct hotslot *hotslot = NULL;
	struct hotslot_error error;
	pthread_t thread;

	if (argc != 3 && argc != 4)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	sem_init(&ready, 0, 0);
	sem_init(&seen, 0, 0);
	if (hotslot_open(argv[1], &hotslot, &error) < 0 ||
		hotslot_domain_lookup(hotslot, argv[2], &domain, &error) < 0)
		fail("lookup", &error);
	if (pthread_create(&thread, NULL, watch, NULL) != 0)
		return EXIT_FAILURE;
	if (argc == 4)
		use(argv[3]);
	else
		wait_for_word();
	pthread_join(thread, NULL);
	puts("ended");
	stop_early();
	hotslot_domain_unref(domain);
	hotslot_unref(hotslot);
	return EXIT_SUCCESS;
}
