/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures how long many appliances take that get their disks at the same time:
 *
 *   eight URI DIRECTORY KERNEL PLAIN UDEVD FLOOR
 *
 * The last three are initramfs. Of each kind there are APPLIANCES, which all run all the time; a
 * thread each attaches DISKS disks to its own. Prints "eight", the kind, how many disks in all, and
 * ms until the host knew of the last one; and "launch", as long as libvirt and the guest took until
 * the agent's hello, or the listener's. EIGHT_ROUNDS is from the environment.
 */
#include "bench.h"

#define APPLIANCES 8
#define DISKS 50
#define MEMORY_MIB 512
#define KINDS 3

struct work {
	pthread_t thread;
	struct bench *bench;
	struct guest *guest;
	bool detach;
};

static const char *const kinds[KINDS] = { "plain", "udevd", "floor" };
static struct guest guests[KINDS][APPLIANCES];

/* Of the first launch libvirt makes more than a boot: it asks QEMU what it can do. */
static void launch(const struct bench *bench, size_t kind, size_t i, const char *initramfs)
{
	struct guest *guest = &guests[kind][i];
	double start;
	char *name;

	if (asprintf(&name, "%s-%zu", kinds[kind], i) < 0)
		die("no memory");
	*guest = (struct guest){
		.name = name,
		.agent = kind < KINDS - 1,
		.initramfs = initramfs,
	};
	start = now_precise();
	guest_launch(bench, guest, &guests[0][0]);
	if (i > 0)
		sample("launch", kinds[kind], 0, now_precise() - start);
}

static void *work(void *data)
{
	struct work *work = data;

	if (work->detach)
		guest_detach(work->guest, DISKS);
	else
		guest_attach(work->bench, work->guest, DISKS);
	return NULL;
}

static double all_at_once(struct bench *bench, size_t kind, bool detach)
{
	struct work works[APPLIANCES];
	double start;

	guests_rest(&guests[0][0], KINDS * APPLIANCES);
	start = now_precise();
	for (size_t i = 0; i < APPLIANCES; i++) {
		works[i] = (struct work){
			.bench = bench,
			.guest = &guests[kind][i],
			.detach = detach,
		};
		if (pthread_create(&works[i].thread, NULL, work, &works[i]) != 0)
			die("no thread");
	}
	for (size_t i = 0; i < APPLIANCES; i++)
		pthread_join(works[i].thread, NULL);
	return now_precise() - start;
}

int main(int argc, char *argv[])
{
	struct bench bench;
	unsigned rounds;

	if (argc != 4 + KINDS)
		die("usage: eight URI DIRECTORY KERNEL PLAIN UDEVD FLOOR");
	rounds = bench_number("EIGHT_ROUNDS");
	bench_open(&bench, argv[1], argv[2], argv[3], MEMORY_MIB);
	for (size_t i = 0; i < APPLIANCES; i++)
		for (size_t kind = 0; kind < KINDS; kind++)
			launch(&bench, kind, i, argv[4 + kind]);
	for (unsigned round = 0; round < rounds; round++)
		for (size_t kind = 0; kind < KINDS; kind++) {
			sample("eight", kinds[kind], APPLIANCES * DISKS,
				all_at_once(&bench, kind, false));
			all_at_once(&bench, kind, true);
		}
	return EXIT_SUCCESS;
}
