/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the measuring programs have in common: where things are, the time, samples. */
#include "bench.h"

#include <libvirt/virterror.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

_Noreturn void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

double now_precise(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

unsigned bench_number(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t n;

	if (!text || parse_u64(text, DISKS_MAX, &n) < 0)
		die("%s is no number", variable);
	return (unsigned)n;
}

void sample(const char *metric, const char *kind, unsigned n, double value)
{
	if (printf("%s\t%s\t%u\t%.4f\n", metric, kind, n, value) < 0 || fflush(stdout) != 0)
		die("cannot write: %s", strerror(errno));
}

void bench_open(struct bench *ret, const char *uri, const char *directory, const char *kernel,
	unsigned memory_mib)
{
	const char *accel = getenv("ACCEL");
	struct hotslot_error error;

	*ret = (struct bench){
		.kernel = kernel,
		.directory = directory,
		.memory_mib = memory_mib,
		.accel = accel && !strcmp(accel, "kvm") ? HOTSLOT_ACCEL_KVM : HOTSLOT_ACCEL_TCG,
	};
	/* The library first: it sees to the event loop. */
	if (hotslot_open(uri, &ret->hotslot, &error) < 0)
		die("%s", error.message);
	ret->connection = virConnectOpen(uri);
	if (!ret->connection)
		die("%s: %s", uri, virGetLastErrorMessage());
}
