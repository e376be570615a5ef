/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest of the bench: booting it, its disks, and when it rests. */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "bench.h"

#define IMAGE_BYTES (1024 * 1024)

/* All guests together rest if they have less than this of the processor. The kernel counts in
 * ticks of 10 ms; an idle guest has one or two ticks a second. */
#define REST_WINDOW_NS 100000000L
#define REST_NS 10000000ULL

char *bench_image(const struct bench *bench, const struct guest *guest, unsigned slot)
{
	_cleanup_close_ int fd = -1;
	char *path;

	if (asprintf(&path, "%s/%s-%u.img", bench->directory, guest->name, slot) < 0)
		die("no memory");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, IMAGE_BYTES) < 0)
		die("%s: %s", path, strerror(errno));
	return path;
}

static void launch_agent(const struct bench *bench, struct guest *guest)
{
	struct hotslot_launch_options options = HOTSLOT_LAUNCH_INIT;
	struct hotslot_error error;

	options.name = guest->name;
	options.kernel = bench->kernel;
	options.initramfs = guest->initramfs;
	options.append = guest->append;
	options.accel = bench->accel;
	options.memory_mib = bench->memory_mib;
	options.timeout_ms = DEADLINE_MS;
	if (hotslot_launch(bench->hotslot, &options, &guest->hotslot, &error) < 0)
		die("%s: %s", guest->name, error.message);
	guest->domain = virDomainLookupByName(bench->connection, guest->name);
	if (!guest->domain)
		die("%s: libvirt does not know it", guest->name);
}

void guest_launch(const struct bench *bench, struct guest *guest, const struct guest *first)
{
	if (guest->agent)
		launch_agent(bench, guest);
	else
		listener_open(bench, guest, first);
}

/* ---- disks ---- */

static double ms_of(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static double used(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return ms_of(&usage);
}

/* ERROR says why there is no DISK. */
static void check_disk(const struct guest *guest, unsigned slot, const struct hotslot_disk *disk,
	const struct hotslot_error *error)
{
	if (!disk) {
		die("%s, slot %u: %s", guest->name, slot, error->message);
		return;
	}
	if (disk->slot != (int)slot || !disk->visible || !disk->by_slot)
		die("%s: the disk in slot %u was not confirmed", guest->name, slot);
}

/* The caller frees the disk. */
static struct hotslot_disk *agent_attach(
	const struct bench *bench, const struct guest *guest, unsigned slot)
{
	struct hotslot_attach_options options = HOTSLOT_ATTACH_INIT;
	_cleanup_free_ char *image = bench_image(bench, guest, slot);
	struct hotslot_error error;
	struct hotslot_disk *disk;

	options.image = image;
	options.timeout_ms = DEADLINE_MS;
	if (hotslot_attach(guest->hotslot, &options, &disk, &error) < 0)
		disk = NULL;
	check_disk(guest, slot, disk, &error);
	return disk;
}

static void agent_detach(const struct guest *guest, unsigned slot)
{
	struct hotslot_detach_options options = HOTSLOT_DETACH_INIT;
	struct hotslot_error error;
	char name[16];

	snprintf(name, sizeof(name), "%u", slot);
	options.timeout_ms = DEADLINE_MS;
	if (hotslot_detach(guest->hotslot, name, &options, &error) < 0)
		die("%s, slot %u: %s", guest->name, slot, error.message);
}

static struct cost begin(void)
{
	return (struct cost){
		.thread = -used(RUSAGE_THREAD),
		.process = -used(RUSAGE_SELF),
		.total = -now_precise(),
	};
}

static void end(struct cost *cost)
{
	cost->total += now_precise();
	cost->thread += used(RUSAGE_THREAD);
	cost->process += used(RUSAGE_SELF);
}

static void agent_attach_one(
	const struct bench *bench, const struct guest *guest, struct cost *cost)
{
	struct hotslot_disk *disk = agent_attach(bench, guest, guest->count);

	cost->call = disk->timing.attach;
	cost->confirm = disk->timing.confirm;
	hotslot_disk_free(disk);
}

static void take_disk(
	void *data, size_t number, struct hotslot_disk *disk, const struct hotslot_error *error)
{
	const struct guest *guest = data;

	check_disk(guest, guest->count + (unsigned)number, disk, error);
	hotslot_disk_free(disk);
}

/* What one of them takes by itself is not told: they overlap. */
static void agent_attach_many(const struct bench *bench, struct guest *guest, unsigned n)
{
	struct hotslot_attach_options *options = calloc(n, sizeof(*options));
	const struct hotslot_attach_options **each = calloc(n, sizeof(*each));
	struct hotslot_many_options how = HOTSLOT_MANY_INIT;
	struct hotslot_error error;

	if (!options || !each)
		die("no memory");
	for (unsigned i = 0; i < n; i++) {
		options[i] = (struct hotslot_attach_options)HOTSLOT_ATTACH_INIT;
		options[i].image = bench_image(bench, guest, guest->count + i);
		options[i].timeout_ms = DEADLINE_MS;
		each[i] = &options[i];
	}
	how.done = take_disk;
	how.data = guest;
	if (hotslot_attach_many(guest->hotslot, each, n, &how, &error) < 0)
		die("%s: %s", guest->name, error.message);
	for (unsigned i = 0; i < n; i++)
		free((char *)options[i].image);
	free(options);
	free(each);
}

struct cost guest_attach(const struct bench *bench, struct guest *guest, unsigned n)
{
	struct cost cost;

	if (guest->count + n > DISKS_MAX)
		die("%s: more than %u disks", guest->name, DISKS_MAX);
	for (unsigned i = 0; i < n; i++) /* before time is taken */
		free(bench_image(bench, guest, guest->count + i));
	cost = begin();
	if (!guest->agent)
		listener_attach(bench, guest, n, &cost);
	else if (n > 1)
		agent_attach_many(bench, guest, n);
	else
		agent_attach_one(bench, guest, &cost);
	end(&cost);
	guest->count += n;
	guest->used_ms = now_ms();
	return cost;
}

static void sample_phases(const struct guest *guest, const struct hotslot_times *times)
{
	for (size_t i = 0; i < times->n_phases; i++) {
		const struct hotslot_phase *phase = &times->phases[i];
		char metric[64];

		if (!phase->known)
			continue;
		snprintf(metric, sizeof(metric), "phase-%s", phase->name);
		sample(metric, guest->name, guest->count, phase->duration);
	}
}

void guest_attach_timed(const struct bench *bench, struct guest *guest)
{
	struct hotslot_disk *disk;

	hotslot_domain_set_timing(guest->hotslot, true);
	disk = agent_attach(bench, guest, guest->count);
	hotslot_domain_set_timing(guest->hotslot, false);
	if (disk->times && disk->times->told == HOTSLOT_TOLD)
		sample_phases(guest, disk->times);
	else
		die("%s has not told where the time went", guest->name);
	hotslot_disk_free(disk);
	guest->count++;
	guest->used_ms = now_ms();
}

struct cost guest_detach(struct guest *guest, unsigned n)
{
	struct cost cost = begin();

	if (!guest->agent)
		listener_detach(guest, n, &cost);
	for (unsigned i = 1; i <= n && guest->agent; i++)
		agent_detach(guest, guest->count - i);
	end(&cost);
	guest->count -= n;
	guest->used_ms = now_ms();
	return cost;
}

/* ---- rest ---- */

static unsigned long long processor_ns(const struct guest *guests, size_t n)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < n; i++) {
		virDomainInfo info;

		if (!guests[i].domain)
			continue;
		if (virDomainGetInfo(guests[i].domain, &info) < 0)
			die("%s has ended", guests[i].name);
		sum += info.cpuTime;
	}
	return sum;
}

void guests_rest(const struct guest *guests, size_t n)
{
	const struct timespec window = { .tv_nsec = REST_WINDOW_NS };
	uint64_t deadline = now_ms() + DEADLINE_MS;
	unsigned long long last = processor_ns(guests, n), now;

	for (;; last = now) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &window, NULL);
		now = processor_ns(guests, n);
		if (now - last <= REST_NS)
			return;
		if (now_ms() > deadline)
			die("the guests do not come to rest");
	}
}
