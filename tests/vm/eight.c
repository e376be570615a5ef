/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One process that manages many domains on several connections:
 *
 *     eight KERNEL INITRAMFS IMAGE URI…
 *
 * connects to each URI twice, launches eight appliances on them, in parallel, each with a thread
 * that attaches the image IMAGE-N to its own, lists and detaches it, and one that watches; and asks
 * all other domains of the connections, which are shut off, again and again meanwhile. Then, while
 * the QEMU of the first, vm-0, is stopped, which it has sh(1) do by what is on standard input, a
 * line each for stop and go on, it measures whether the others feel it. Says what is wrong on
 * standard error and ends with 1.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hotslot.h>

#define APPLIANCES 8
#define CONNECTIONS_MAX 4
#define ROUNDS 2

/* Of one call on a domain whose neighbour hangs; a busy machine under TCG is slow by itself. */
#define HARM_MS 5000

/* For what the domain that hangs is asked. */
#define HANG_MS 8000

struct appliance {
	pthread_t thread, watcher;
	unsigned n;
	struct hotslot *hotslot;
	struct hotslot_domain *domain;
	char name[16], image[4096];
	unsigned added, removed, foreign; /* told by the watch */
	bool ready;
	uint64_t longest_ms;
};

static const char *kernel, *initramfs, *image;
static unsigned failures; /* atomic */
static pthread_barrier_t launched, stopped, done;
static bool over; /* atomic */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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

/* The threads of that name: pthread_setname_np(3). */
static unsigned count_named(const char *name)
{
	DIR *directory = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned n = 0;

	while (directory && (entry = readdir(directory))) {
		char path[sizeof("/proc/self/task//comm") + sizeof(entry->d_name)], line[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file))
			line[strcspn(line, "\n")] = '\0';
		n += strcmp(line, name) == 0;
		fclose(file);
	}
	closedir(directory);
	return n;
}

/* ---- an appliance ---- */

/* Another appliance's event has another image's serial. */
static bool on_event(void *data, const struct hotslot_watch_event *event)
{
	struct appliance *self = data;

	if (event->kind == HOTSLOT_WATCH_READY)
		__atomic_store_n(&self->ready, true, __ATOMIC_RELEASE);
	if (event->disk && (!event->disk->serial || strcmp(event->disk->serial, self->name) != 0))
		self->foreign++;
	self->added += event->kind == HOTSLOT_WATCH_ADDED;
	self->removed += event->kind == HOTSLOT_WATCH_REMOVED;
	return true;
}

static void *watch(void *data)
{
	struct appliance *self = data;
	struct hotslot_error error;

	if (hotslot_watch(self->domain, on_event, self, &error) < 0)
		fail(self->name, error.message);
	return NULL;
}

static int launch(struct appliance *self)
{
	struct hotslot_launch_options options = HOTSLOT_LAUNCH_INIT;
	struct hotslot_error error;

	options.name = self->name;
	options.kernel = kernel;
	options.initramfs = initramfs;
	options.accel = HOTSLOT_ACCEL_TCG;
	options.memory_mib = 192;
	options.timeout_ms = 120000;
	if (hotslot_launch(self->hotslot, &options, &self->domain, &error) == 0)
		return 0;
	fail(self->name, error.message);
	return -1;
}

static void list(const struct appliance *self, size_t expected)
{
	struct hotslot_disk **disks;
	struct hotslot_error error;
	size_t n;

	if (hotslot_list(self->domain, &disks, &n, &error) < 0) {
		fail(self->name, error.message);
		return;
	}
	if (n != expected || (n == 1 && strcmp(disks[0]->serial ?: "", self->name) != 0))
		fail(self->name, "another list than its own");
	hotslot_disks_free(disks, n);
}

static void attach_and_detach(struct appliance *self)
{
	struct hotslot_attach_options attach = HOTSLOT_ATTACH_INIT;
	struct hotslot_detach_options detach = HOTSLOT_DETACH_INIT;
	struct hotslot_error error;
	uint64_t start = now_ms();

	attach.image = self->image;
	attach.serial = self->name;
	if (hotslot_attach(self->domain, &attach, NULL, &error) < 0) {
		fail(self->name, error.message);
		return;
	}
	list(self, 1);
	if (hotslot_detach(self->domain, "0", &detach, &error) < 0)
		fail(self->name, error.message);
	list(self, 0);
	if (now_ms() - start > self->longest_ms)
		self->longest_ms = now_ms() - start;
}

/* The first appliance's QEMU is the one that is stopped. */
static void ask_stopped(const struct appliance *self)
{
	struct hotslot_disk **disks;
	struct hotslot_error error;
	uint64_t start = now_ms();
	size_t n;

	hotslot_domain_set_timeout(self->domain, HANG_MS / 4);
	if (hotslot_list(self->domain, &disks, &n, &error) == 0)
		fail(self->name, "it answers, though it is stopped");
	if (now_ms() - start > HANG_MS)
		fail(self->name, "its call has no deadline");
	hotslot_domain_set_timeout(self->domain, 0);
}

static void *run(void *data)
{
	struct appliance *self = data;
	bool up = launch(self) == 0;

	if (up && pthread_create(&self->watcher, NULL, watch, self) != 0)
		abort();
	pthread_barrier_wait(&launched);
	for (int i = 0; up && i < ROUNDS; i++)
		attach_and_detach(self);
	pthread_barrier_wait(&stopped); /* all have done so */
	pthread_barrier_wait(&stopped); /* and the first is stopped */
	self->longest_ms = 0;
	if (up && self->n == 0)
		ask_stopped(self);
	else if (up)
		attach_and_detach(self);
	if (self->n > 0 && self->longest_ms > HARM_MS)
		fail(self->name, "it was held up by another domain that hangs");
	pthread_barrier_wait(&done);
	pthread_barrier_wait(&done); /* it goes on */
	if (up)
		list(self, 0);
	if (up) {
		hotslot_watch_stop(self->domain);
		pthread_join(self->watcher, NULL);
	}
	return NULL;
}

static void finish(struct appliance *self)
{
	struct hotslot_shutdown_options options = { .size = sizeof(options), .force = true };
	unsigned rounds = ROUNDS + (self->n > 0);
	struct hotslot_error error;

	if (!self->domain)
		return;
	if (self->foreign > 0)
		fail(self->name, "its watch was told of another domain's disk");
	if (self->added > rounds || self->removed > rounds)
		fail(self->name, "its watch was told more than there was");
	if (hotslot_shutdown(self->domain, &options, &error) < 0)
		fail(self->name, error.message);
	hotslot_domain_unref(self->domain);
}

/* ---- those that are shut off ---- */

static unsigned ask_others(struct hotslot *hotslot)
{
	struct hotslot_domain **domains;
	struct hotslot_error error;
	unsigned asked = 0;
	size_t n;

	if (hotslot_domains(hotslot, &domains, &n, &error) < 0) {
		fail("domains", error.message);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct hotslot_disk **disks;
		size_t count_of;

		if (strncmp(hotslot_domain_name(domains[i]), "off", 3) != 0)
			continue;
		asked++;
		if (hotslot_list(domains[i], &disks, &count_of, &error) == 0 ||
			error.code != HOTSLOT_ERROR_NOT_RUNNING)
			fail(hotslot_domain_name(domains[i]), "it is not told to be shut off");
	}
	hotslot_domains_free(domains, n);
	return asked;
}

struct asker {
	pthread_t thread;
	struct hotslot *hotslot;
	unsigned asked;
};

static void *ask(void *data)
{
	struct asker *asker = data;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		const struct timespec pause = { .tv_nsec = 500000000 };

		asker->asked = ask_others(asker->hotslot);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* ---- all ---- */

static void do_line(void)
{
	char line[4096];

	if (!fgets(line, sizeof(line), stdin) || system(line) != 0)
		fail("standard input", "its command has failed");
}

static void manage(struct hotslot **connections, int n)
{
	struct appliance appliances[APPLIANCES] = {};
	struct asker asker = { .hotslot = connections[0] };

	pthread_barrier_init(&launched, NULL, APPLIANCES + 1);
	pthread_barrier_init(&stopped, NULL, APPLIANCES + 1);
	pthread_barrier_init(&done, NULL, APPLIANCES + 1);
	for (unsigned i = 0; i < APPLIANCES; i++) {
		struct appliance *self = &appliances[i];

		self->n = i;
		self->hotslot = connections[i % (unsigned)n];
		snprintf(self->name, sizeof(self->name), "vm-%u", i);
		snprintf(self->image, sizeof(self->image), "%s-%u", image, i);
		if (pthread_create(&self->thread, NULL, run, self) != 0)
			abort();
	}
	pthread_barrier_wait(&launched);
	if (pthread_create(&asker.thread, NULL, ask, &asker) != 0)
		abort();
	printf("event loops: %u\n", count_named("hotslot-events"));
	pthread_barrier_wait(&stopped);
	do_line();
	pthread_barrier_wait(&stopped);
	pthread_barrier_wait(&done);
	do_line();
	pthread_barrier_wait(&done);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(asker.thread, NULL);
	printf("shut off: %u\n", asker.asked);
	for (unsigned i = 0; i < APPLIANCES; i++) {
		pthread_join(appliances[i].thread, NULL);
		finish(&appliances[i]);
	}
}

int main(int argc, char *argv[])
{
	struct hotslot *connections[CONNECTIONS_MAX];
	struct hotslot_error error;
	unsigned threads, files;
	int n = 0;

	if (argc < 5 || 2 * (argc - 4) > CONNECTIONS_MAX) {
		fprintf(stderr, "Usage: eight KERNEL INITRAMFS IMAGE URI...\n");
		return 2;
	}
	kernel = argv[1], initramfs = argv[2], image = argv[3];
	for (int i = 0; i < 2 * (argc - 4); i++, n++)
		if (hotslot_open(argv[4 + i / 2], &connections[i], &error) < 0) {
			fail(argv[4 + i / 2], error.message);
			return EXIT_FAILURE;
		}
	ask_others(connections[0]);
	threads = count("/proc/self/task");
	files = count("/proc/self/fd");
	manage(connections, n);
	if (count("/proc/self/task") > threads)
		fail("threads", "more than before");
	/* One inotify descriptor of the library, which it keeps. */
	if (count("/proc/self/fd") > files + 1)
		fail("descriptors", "more than before");
	for (int i = 0; i < n; i++)
		hotslot_unref(connections[i]);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
