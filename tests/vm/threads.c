/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of libhotslot with several threads: threads URI DOMAIN DOMAIN IMAGE… attaches each image
 * to one of the two domains, in turn, from a thread of its own; checks what it got and what is
 * listed; detaches it; and over again. Then two connections talk with one agent, in turn and at
 * once. Says what is wrong on standard error and ends with 1.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <hotslot.h>

#define THREADS_MAX 16
#define ROUNDS 5

/* The libvirt calls of the threads of one domain queue up. */
#define TIMEOUT_MS 20000

/* Calls of two connections on one domain, and how long one may take: it ends the other's session,
 * and then waits for nothing but the agent. */
#define TAKES 10
#define TAKE_MS 2000

struct worker {
	pthread_t thread;
	struct hotslot_domain *domain;
	const char *image;
	char serial[24];
};

static unsigned failures; /* atomic */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static void expect(bool truth, const char *what)
{
	if (!truth)
		fail(what, "wrong");
}

static int succeed(int r, const struct hotslot_error *error, const char *what)
{
	if (r < 0)
		fail(what, error->message);
	return r;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- several threads, two domains ---- */

static bool has_serial(const struct hotslot_disk *disk, const struct worker *worker)
{
	return disk->serial && !strcmp(disk->serial, worker->serial);
}

/* What others attach and detach meanwhile may be in the list or not; slots are in order. */
static void check_list(const struct worker *worker, int slot)
{
	struct hotslot_error error;
	struct hotslot_disk **disks;
	size_t count, found = 0;

	if (succeed(hotslot_list(worker->domain, &disks, &count, &error), &error, "list") < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		expect(i == 0 || disks[i - 1]->slot < disks[i]->slot, "order of slots");
		expect(disks[i]->attached && disks[i]->visible, "a disk at both ends");
		expect((disks[i]->slot == slot) == has_serial(disks[i], worker), "serial of slot");
		found += disks[i]->slot == slot;
	}
	expect(found == 1, "the disk is listed once");
	hotslot_disks_free(disks, count);
}

static void check_disk(const struct worker *worker, const struct hotslot_disk *disk)
{
	struct stat st;
	char link[64];

	snprintf(link, sizeof(link), "/dev/disk/by-slot/%d", disk->slot);
	expect(stat(worker->image, &st) == 0 && disk->size == (uint64_t)st.st_size, "size");
	expect(has_serial(disk, worker), "serial");
	expect(disk->by_slot && !strcmp(disk->by_slot, link), "link by slot");
	expect(disk->source && !strcmp(disk->source, worker->image), "source");
	expect(!disk->foreign && !disk->conflict, "one of ours");
}

static int attach_and_detach(const struct worker *worker)
{
	struct hotslot_attach_options attach = HOTSLOT_ATTACH_INIT;
	struct hotslot_detach_options detach = HOTSLOT_DETACH_INIT;
	struct hotslot_disk *disk;
	struct hotslot_error error;
	char text[16];
	int slot;

	attach.image = worker->image;
	attach.serial = worker->serial;
	attach.timeout_ms = detach.timeout_ms = TIMEOUT_MS;
	if (succeed(hotslot_attach(worker->domain, &attach, &disk, &error), &error, "attach") < 0)
		return -1;
	check_disk(worker, disk);
	slot = disk->slot;
	hotslot_disk_free(disk);
	check_list(worker, slot);
	snprintf(text, sizeof(text), "%d", slot);
	return succeed(hotslot_detach(worker->domain, text, &detach, &error), &error, "detach");
}

static void *work(void *data)
{
	for (int round = 0; round < ROUNDS; round++)
		if (attach_and_detach(data) < 0)
			break;
	return NULL;
}

static void check_empty(struct hotslot_domain *domain)
{
	struct hotslot_error error;
	struct hotslot_disk **disks;
	size_t count;

	if (succeed(hotslot_list(domain, &disks, &count, &error), &error, "last list") < 0)
		return;
	expect(count == 0, "no disk is left");
	hotslot_disks_free(disks, count);
}

static void run_workers(struct hotslot_domain *domains[2], char **images, int count)
{
	struct worker workers[THREADS_MAX];

	for (int i = 0; i < count; i++) {
		struct worker *worker = &workers[i];

		*worker = (struct worker){ .domain = domains[i % 2], .image = images[i] };
		snprintf(worker->serial, sizeof(worker->serial), "thread-%d", i);
		if (pthread_create(&worker->thread, NULL, work, worker) != 0)
			abort();
	}
	for (int i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	check_empty(domains[0]);
	check_empty(domains[1]);
}

/* ---- two connections, one domain ---- */

struct taker {
	pthread_t thread;
	struct hotslot_domain *domain;
};

/* Each call finds that the other connection has the session, and gets it. */
static void *take(void *data)
{
	struct hotslot_agent_info info = { .size = sizeof(info) };
	const struct taker *taker = data;
	struct hotslot_error error;

	for (int i = 0; i < TAKES; i++) {
		uint64_t start = now_ms();

		if (succeed(hotslot_domain_connect(taker->domain, TIMEOUT_MS, &info, &error),
			    &error, "connect when it is the other one's turn") < 0)
			break;
		expect(now_ms() - start < TAKE_MS, "the time until it is this one's turn");
		expect(!strcmp(info.version, hotslot_version()), "the version of the agent");
	}
	return NULL;
}

/* First in turn, then at once. */
static void check_two(struct hotslot_domain *domain, struct hotslot_domain *other)
{
	struct taker takers[] = { { .domain = domain }, { .domain = other } };

	expect(domain != other, "each connection has a domain of its own");
	for (int i = 0; i < 2; i++)
		take(&takers[i]);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&takers[i].thread, NULL, take, &takers[i]) != 0)
			abort();
	for (int i = 0; i < 2; i++)
		pthread_join(takers[i].thread, NULL);
}

static void check_second_connection(const char *uri, struct hotslot_domain *domain)
{
	struct hotslot_domain *other;
	struct hotslot *second;
	struct hotslot_error error;

	if (succeed(hotslot_open(uri, &second, &error), &error, "second connection") < 0)
		return;
	if (succeed(hotslot_domain_lookup(second, hotslot_domain_uuid(domain), &other, &error),
		    &error, "second look-up") == 0) {
		check_two(domain, other);
		hotslot_domain_unref(other);
	}
	hotslot_unref(second);
}

int main(int argc, char *argv[])
{
	struct hotslot_domain *domains[2];
	struct hotslot *hotslot;
	struct hotslot_error error;

	if (argc < 5 || argc - 4 > THREADS_MAX) {
		fprintf(stderr, "Usage: threads URI DOMAIN DOMAIN IMAGE...\n");
		return 2;
	}
	if (succeed(hotslot_open(argv[1], &hotslot, &error), &error, argv[1]) < 0 ||
		succeed(hotslot_domain_lookup(hotslot, argv[2], &domains[0], &error), &error,
			argv[2]) < 0 ||
		succeed(hotslot_domain_lookup(hotslot, argv[3], &domains[1], &error), &error,
			argv[3]) < 0)
		return EXIT_FAILURE;
	run_workers(domains, argv + 4, argc - 4);
	hotslot_domain_unref(domains[1]);
	check_second_connection(argv[1], domains[0]);
	hotslot_domain_unref(domains[0]);
	hotslot_unref(hotslot);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
