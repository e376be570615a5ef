/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures attaches and detaches, of all kinds of guests in turns:
 *
 *   measure URI DIRECTORY KERNEL KIND=INITRAMFS...
 *
 * KIND is plain, udevd or udev, the appliances of hotslot's (plain is required); floor, where only
 * listener.c runs; answers, where that says what the agent does, and answers-udevd, with udevd
 * beside it; or stock, where it waits for udevd with Debian's rules. All of them run all the time,
 * on the same machine; what is measured is one at a time, while the others rest.
 * Prints a line for each sample: METRIC, KIND, how many disks, value, with tabs between. Ends with
 * a failure as soon as a disk does not come or go.
 *
 * From the environment: ROUNDS, BATCH_ROUNDS, BATCH (disks at once), THERE (numbers of disks, with
 * blanks between, in order), ACCEL.
 */
#include <string.h>
#include <time.h>

#include "bench.h"

#define MEMORY_MIB 2048

static struct guest guests[] = {
	{ .name = "plain", .agent = true },
	{ .name = "udevd", .agent = true },
	{ .name = "udev", .agent = true, .append = "hotslot.links=udev" },
	{ .name = "floor" },
	{ .name = "answers", .append = "answers", .few = true },
	{ .name = "answers-udevd", .append = "answers", .few = true },
	{ .name = "stock", .few = true },
};

/* Of the floor's call, a kind of its own is made: the bare call. */
static void sample_cost(
	const char *metric, const struct guest *guest, unsigned n, const struct cost *cost)
{
	char name[64];

	sample(metric, guest->name, n, cost->total);
	if (strcmp(guest->name, "floor") == 0)
		sample(metric, "call", n, cost->call);
	snprintf(name, sizeof(name), "%s-thread", metric);
	sample(name, guest->name, n, cost->thread);
	snprintf(name, sizeof(name), "%s-process", metric);
	sample(name, guest->name, n, cost->process);
	if (cost->confirm <= 0)
		return;
	snprintf(name, sizeof(name), "%s-call", metric);
	sample(name, guest->name, n, cost->call);
	snprintf(name, sizeof(name), "%s-shim", metric);
	sample(name, guest->name, n, cost->total - cost->call - cost->confirm);
}

static void rest(void)
{
	guests_rest(guests, ARRAY_SIZE(guests));
}

/* udevd's workers end when they have had nothing to do for 3 s; a guest that is idle has none. */
#define IDLE_MS 4000

static void idle(const struct guest *guest)
{
	uint64_t now = now_ms(), since = now - guest->used_ms;
	const struct timespec left = {
		.tv_sec = (IDLE_MS - (time_t)since) / 1000,
		.tv_nsec = (IDLE_MS - (long)since) % 1000 * 1000000,
	};

	if (since < IDLE_MS)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &left, NULL);
	rest();
}

/* One disk more, and it goes again. */
static void measure_one(const struct bench *bench, struct guest *guest)
{
	unsigned there = guest->count;
	struct cost cost;

	idle(guest);
	cost = guest_attach(bench, guest, 1);
	sample_cost("attach", guest, there, &cost);
	rest();
	cost = guest_detach(guest, 1);
	sample_cost("detach", guest, there, &cost);
}

/* So many attaches for one that tells where the time goes. */
#define PHASES_EVERY 3

static void measure_phases(const struct bench *bench, struct guest *guest)
{
	if (!guest->agent)
		return;
	idle(guest);
	guest_attach_timed(bench, guest);
	rest();
	guest_detach(guest, 1);
}

static void measure_batch(const struct bench *bench, struct guest *guest, unsigned n)
{
	struct cost cost;

	rest();
	cost = guest_attach(bench, guest, n);
	sample_cost("batch", guest, n, &cost);
	rest();
	cost = guest_detach(guest, n);
	sample_cost("batch-detach", guest, n, &cost);
}

/* Of those that take part: with their turns moved on in every round, as what runs before may be
 * felt. */
static struct guest *turn(unsigned round, size_t i, unsigned there)
{
	struct guest *guest = &guests[(round + i) % ARRAY_SIZE(guests)];

	return guest->domain && (there == 0 || !guest->few) ? guest : NULL;
}

static void measure_there(const struct bench *bench, unsigned there, unsigned rounds)
{
	struct guest *guest;

	fprintf(stderr, "bench: one disk with %u there\n", there);
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		guest = turn(0, i, there);
		if (guest && guest->count < there)
			guest_attach(bench, guest, there - guest->count);
	}
	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
			if ((guest = turn(round, i, there)))
				measure_one(bench, guest);
	for (unsigned round = 0; round < rounds; round += PHASES_EVERY)
		for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
			if ((guest = turn(round, i, there)))
				measure_phases(bench, guest);
}

static void measure(const struct bench *bench)
{
	unsigned rounds = bench_number("ROUNDS"), batches = bench_number("BATCH_ROUNDS"),
		 batch = bench_number("BATCH");
	char *text = strdup(getenv("THERE") ?: "0"), *rest_of = text, *word;
	struct guest *guest;

	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		if (guests[i].domain) { /* the first disk of a guest is no sample */
			guest_attach(bench, &guests[i], 1);
			guest_detach(&guests[i], 1);
		}
	for (unsigned round = 0; round < batches; round++) {
		fprintf(stderr, "bench: %u disks at once, round %u\n", batch, round + 1);
		for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
			if ((guest = turn(round, i, 0)))
				measure_batch(bench, guest, batch);
	}
	while ((word = strsep(&rest_of, " "))) {
		uint64_t there;

		if (parse_u64(word, DISKS_MAX - 1, &there) < 0)
			die("THERE: %s is no number of disks", word);
		measure_there(bench, (unsigned)there, rounds);
	}
	free(text);
}

static void take_argument(const char *argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		size_t length = strlen(guests[i].name);

		if (strncmp(argument, guests[i].name, length) == 0 && argument[length] == '=') {
			guests[i].initramfs = argument + length + 1;
			return;
		}
	}
	die("there is no kind %s", argument);
}

int main(int argc, char *argv[])
{
	struct bench bench;

	if (argc < 5)
		die("usage: measure URI DIRECTORY KERNEL KIND=INITRAMFS...");
	for (int i = 4; i < argc; i++)
		take_argument(argv[i]);
	if (!guests[0].initramfs)
		die("there is no plain appliance");
	bench_open(&bench, argv[1], argv[2], argv[3], MEMORY_MIB);
	for (size_t i = 0; i < ARRAY_SIZE(guests); i++)
		if (guests[i].initramfs)
			guest_launch(&bench, &guests[i], &guests[0]);
	measure(&bench);
	return EXIT_SUCCESS;
}
