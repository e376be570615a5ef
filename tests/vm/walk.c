/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The random walk: disks come and go on a running domain, by the library and behind its back; after
 * each step every link in the guest and every disk in the list is compared with a model.
 *
 *   walk SOCKET-OF-WITNESS URI DOMAIN --seed N --steps M --directory DIR
 *        [--no-agent] [--replay STEPS]
 *
 * The same seed gives the same walk. Each step draws its numbers from seed and step alone, so that
 * --replay 1-20,37 does some of the steps of a walk: what a failure really needs.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../walk/walk.h"

/* Draws until one of the steps is possible; some always are. */
#define DRAWS_MAX 1000

/* For the agent's first word, on a busy machine. */
#define CONNECT_MS 30000

static const struct {
	step_fn step;
	unsigned weight;
	bool library; /* needs the agent */
} steps[] = {
	{ step_attach, 16, true },
	{ step_detach, 9, true },
	{ step_swap, 4, true },
	{ step_resize, 6, true },
	{ step_reserve, 2, true },
	{ step_unreserve, 2, true },
	{ step_attach_nothing, 2, true },
	{ step_resolve, 4, true },
	{ step_refused, 8, true },
	{ step_busy, 3, true },
	{ step_kill_agent, 1, true },
	{ step_host_attach, 14, false },
	{ step_host_detach, 6, false },
	{ step_host_swap, 3, false },
	{ step_host_detach_attach, 3, true },
	{ step_host_resize, 4, false },
	{ step_table, 12, false },
};

struct options {
	unsigned steps;
	const char *replay; /* NULL: all */
};

/* No destructors: libvirt has threads. */
void walk_fail(struct walk *walk, const char *format, ...)
{
	va_list arguments;

	printf("walk: seed %llu, step %u (%s): ", (unsigned long long)walk->seed, walk->step,
		walk->what);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

void walk_say(struct walk *walk, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(walk->what, sizeof(walk->what), format, arguments);
	va_end(arguments);
	printf("%u: %s\n", walk->step, walk->what);
	fflush(stdout);
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

unsigned walk_random(struct walk *walk, unsigned limit)
{
	return (unsigned)(next_random(&walk->random) % limit);
}

bool walk_chance(struct walk *walk, unsigned percent)
{
	return walk_random(walk, 100) < percent;
}

static step_fn draw_step(struct walk *walk)
{
	unsigned total = 0, drawn;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		total += steps[i].library && !walk->agent ? 0 : steps[i].weight;
	drawn = walk_random(walk, total);
	for (size_t i = 0;; i++) {
		unsigned weight = steps[i].library && !walk->agent ? 0 : steps[i].weight;

		if (drawn < weight)
			return steps[i].step;
		drawn -= weight;
	}
}

static void do_step(struct walk *walk)
{
	enum outcome outcome = NOT_NOW;

	walk->random = walk->seed;
	walk->random = next_random(&walk->random) ^ walk->step;
	snprintf(walk->what, sizeof(walk->what), "no step yet");
	for (int i = 0; i < DRAWS_MAX && outcome == NOT_NOW; i++)
		outcome = draw_step(walk)(walk);
	if (outcome == NOT_NOW)
		walk_fail(walk, "no step is possible");
	compare(walk, outcome == AT_ONCE);
}

/* Whether LIST, "1-20,37", has STEP. */
static bool has_step(const char *list, unsigned step)
{
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (step >= first && step <= last)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

static void open_all(struct walk *walk, const char *socket)
{
	struct hotslot_agent_info info = { .size = sizeof(info) };
	struct hotslot_error error;

	guest_connect(walk, socket);
	host_open(walk);
	if (!walk->agent)
		return;
	library_check(walk, hotslot_open(walk->uri, &walk->hotslot, &error), &error);
	library_check(walk,
		hotslot_domain_lookup(walk->hotslot, walk->domain_name, &walk->domain, &error),
		&error);
	library_check(
		walk, hotslot_domain_connect(walk->domain, CONNECT_MS, &info, &error), &error);
	walk->links_by_udev = !strcmp(info.links, "udev");
}

static int usage(void)
{
	fputs("Usage: walk SOCKET URI DOMAIN --seed N --steps N --directory DIR [--no-agent]\n"
	      "            [--replay STEPS]\n",
		stderr);
	return 2;
}

static int read_options(int argc, char **argv, struct walk *walk, struct options *ret)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "steps", required_argument, NULL, 'n' },
		{ "directory", required_argument, NULL, 'd' },
		{ "no-agent", no_argument, NULL, 'a' },
		{ "replay", required_argument, NULL, 'r' },
		{},
	};
	uint64_t number = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's' && parse_u64(optarg, UINT64_MAX, &walk->seed) == 0)
			continue;
		if (c == 'n' && parse_u64(optarg, UINT32_MAX, &number) == 0)
			ret->steps = (unsigned)number;
		else if (c == 'd')
			walk->directory = optarg;
		else if (c == 'a')
			walk->agent = false, walk->links_by_udev = true;
		else if (c == 'r')
			ret->replay = optarg;
		else
			return -EINVAL;
	}
	return argc - optind == 3 && walk->directory ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct walk walk = { .agent = true, .witness = -1 };
	struct options options = {};

	if (read_options(argc, argv, &walk, &options) < 0)
		return usage();
	printf("seed %llu\n", (unsigned long long)walk.seed);
	walk.uri = argv[optind + 1];
	walk.domain_name = argv[optind + 2];
	open_all(&walk, argv[optind]);
	for (walk.step = 1; walk.step <= options.steps; walk.step++)
		if (!options.replay || has_step(options.replay, walk.step))
			do_step(&walk);
	printf("seed %llu: %u steps and %u disks\n", (unsigned long long)walk.seed, options.steps,
		walk.made);
	fflush(stdout);
	_exit(EXIT_SUCCESS);
}
