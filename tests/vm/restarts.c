/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot whose libvirt daemon is started again and again:
 *
 *     restarts URI DOMAIN IMAGE…
 *
 * attaches and detaches each image from a thread of its own, while another thread lists and one
 * watches, until a line is on standard input; prints a line after each round of the first thread.
 * Nothing may fail, and all that was opened for it is closed in the end.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hotslot.h>

#define THREADS_MAX 8

struct worker {
	pthread_t thread;
	const char *image; /* NULL: lists */
	bool first;
	char id[16];
};

static struct hotslot_domain *domain;
static unsigned failures, losses, readies; /* atomic */
static bool over;			   /* atomic */

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static unsigned count(const char *path)
{
	DIR *directory = opendir(path);
	unsigned n = 0;

	while (directory && readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void list(void)
{
	struct hotslot_disk **disks;
	struct hotslot_error error;
	size_t n;

	if (hotslot_list(domain, &disks, &n, &error) < 0)
		fail("list", error.message);
	else
		hotslot_disks_free(disks, n);
}

static void attach_and_detach(const struct worker *worker)
{
	struct hotslot_attach_options attach = HOTSLOT_ATTACH_INIT;
	struct hotslot_detach_options detach = HOTSLOT_DETACH_INIT;
	struct hotslot_disk *disk;
	struct hotslot_error error;
	char slot[16];

	attach.image = worker->image;
	attach.id = worker->id;
	if (hotslot_attach(domain, &attach, &disk, &error) < 0) {
		fail("attach", error.message);
		return;
	}
	snprintf(slot, sizeof(slot), "%d", disk->slot);
	hotslot_disk_free(disk);
	if (hotslot_detach(domain, slot, &detach, &error) < 0)
		fail("detach", error.message);
}

static void *work(void *data)
{
	const struct worker *worker = data;

	while (!is_over() && __atomic_load_n(&failures, __ATOMIC_RELAXED) == 0) {
		if (worker->image)
			attach_and_detach(worker);
		else
			list();
		if (worker->first)
			puts("round");
	}
	return NULL;
}

static bool on_event(void *data, const struct hotslot_watch_event *event)
{
	(void)data;
	if (event->kind == HOTSLOT_WATCH_DISCONNECTED)
		__atomic_add_fetch(&losses, 1, __ATOMIC_RELAXED);
	if (event->kind == HOTSLOT_WATCH_READY)
		__atomic_add_fetch(&readies, 1, __ATOMIC_RELAXED);
	return true;
}

static void *watch(void *data)
{
	struct hotslot_error error;

	(void)data;
	if (hotslot_watch(domain, on_event, NULL, &error) < 0)
		fail("watch", error.message);
	return NULL;
}

static void run(char **images, int n)
{
	struct worker workers[THREADS_MAX] = {};
	pthread_t watcher;
	char line[8];

	if (pthread_create(&watcher, NULL, watch, NULL) != 0)
		abort();
	for (int i = 0; i <= n; i++) {
		workers[i].image = i < n ? images[i] : NULL;
		workers[i].first = i == 0;
		snprintf(workers[i].id, sizeof(workers[i].id), "worker-%d", i);
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			abort();
	}
	(void)!fgets(line, sizeof(line), stdin);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (int i = 0; i <= n; i++)
		pthread_join(workers[i].thread, NULL);
	hotslot_watch_stop(domain);
	pthread_join(watcher, NULL);
}

int main(int argc, char *argv[])
{
	unsigned threads, files;
	struct hotslot *hotslot;
	struct hotslot_error error;

	if (argc < 4 || argc - 3 >= THREADS_MAX) {
		fprintf(stderr, "Usage: restarts URI DOMAIN IMAGE...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (hotslot_open(argv[1], &hotslot, &error) < 0 ||
		hotslot_domain_lookup(hotslot, argv[2], &domain, &error) < 0) {
		fail(argv[2], error.message);
		return EXIT_FAILURE;
	}
	list();
	threads = count("/proc/self/task");
	files = count("/proc/self/fd");
	run(argv + 3, argc - 3);
	list();
	printf("losses told: %s\n", losses > 0 && readies > 1 ? "yes" : "no");
	/* One loss in some hundred leaves an eventfd of libvirt's client behind. */
	if (count("/proc/self/fd") > files + 1)
		fail("descriptors", "more than before");
	/* A thread that was told to end may take a moment to be gone. */
	if (count("/proc/self/task") > threads)
		fail("threads", "more than before");
	hotslot_domain_unref(domain);
	hotslot_unref(hotslot);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
