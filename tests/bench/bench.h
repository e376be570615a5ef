/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guests that are measured, and what an attach to each of them costs. */
#pragma once

#include <libvirt/libvirt.h>
#include <pthread.h>

#include "hotslot.h"
#include "util.h"

/* A guest of this many disks is the largest; the next one, and a batch, come on top. */
#define DISKS_MAX 2048

/* No attach or detach, and no boot, takes longer than this unless something is broken. */
#define DEADLINE_MS 120000

struct guest {
	const char *name; /* as the results have it */
	bool agent;	  /* hotslot's; else there is only a listener: listener.c */
	bool few; /* no measure of many disks: with stock rules, filling it up would take minutes */
	const char *append;    /* of a listener: it is to say all that an answer has */
	const char *initramfs; /* NULL: it is not measured */

	virDomainPtr domain;
	struct hotslot_domain *hotslot; /* NULL without an agent */
	unsigned count;			/* of its disks; they are in the slots 0, 1, … */
	uint64_t used_ms;		/* when a disk has come or gone the last time */

	/* Without an agent: */
	int port;
	char text[4096]; /* of a line that is not there whole */
	size_t length;
	bool ready, present[DISKS_MAX]; /* as the lines have it */
	unsigned n_present;
	pthread_mutex_t lock;
	pthread_cond_t removed;
	unsigned n_removed; /* of which libvirt has told */
};

/* What attaching or detaching one disk, or several, took: ms, but for the process's time on the
 * processor, which is that of libvirt's embedded driver, too. */
struct cost {
	double total;	/* until the host knew of the last one */
	double call;	/* within libvirt's attach call */
	double confirm; /* as hotslot_timing has it; 0 without an agent */
	double thread;	/* processor time of the calling thread */
	double process; /* and of all threads */
};

/* Says what has failed on standard error, and ends. A bench that goes on after that is none. */
_Noreturn void die(const char *format, ...) _printf_(1, 2);

double now_precise(void);

/* Where everything is. */
struct bench {
	const char *kernel, *directory; /* images of disks are in there */
	enum hotslot_accel accel;
	unsigned memory_mib;
	struct hotslot *hotslot;
	virConnectPtr connection;
};

/* Opens the libvirt driver at URI, with an event loop; ACCEL of the environment says how guests
 * run. */
void bench_open(struct bench *ret, const char *uri, const char *directory, const char *kernel,
	unsigned memory_mib);

/* A number of the environment. */
unsigned bench_number(const char *variable);

/* Prints a line: METRIC, KIND, how many disks, value, with tabs between. */
void sample(const char *metric, const char *kind, unsigned n, double value);

/* Makes a disk's image, and returns its path, which the caller frees. */
char *bench_image(const struct bench *bench, const struct guest *guest, unsigned slot);

/* Boots it, and waits until it is up. The first one must have an agent: those without have its
 * XML, but for the name and the initramfs. */
void guest_launch(const struct bench *bench, struct guest *guest, const struct guest *first);

/* Attaches N disks to the next slots, or detaches the last N ones, and returns once the host
 * knows. */
struct cost guest_attach(const struct bench *bench, struct guest *guest, unsigned n);
struct cost guest_detach(struct guest *guest, unsigned n);

/* Attaches one disk, and prints how long each phase of that took: hotslot-timing.h. That asks the
 * guest some more, so the whole is no measure of an attach. Only with an agent. */
void guest_attach_timed(const struct bench *bench, struct guest *guest);

/* Those without an agent: with libvirt's call, and lines of the listener's. */
void listener_open(const struct bench *bench, struct guest *guest, const struct guest *first);
void listener_attach(const struct bench *bench, struct guest *guest, unsigned n, struct cost *cost);
void listener_detach(struct guest *guest, unsigned n, struct cost *cost);

/* Waits until none of the guests has anything to do any more. */
void guests_rest(const struct guest *guests, size_t n);
