/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells udev's rule who a new disk is, by the same function that hotslot-id asks: a helper that
 * need not be started is most of what udevd's part in a disk costs. The rule asks hotslot-id
 * whenever it has been told nothing. */
#pragma once

#include "tracker.h"
#include "uevent.h"

/* Below the directory of state: for a uevent that udevd has yet to handle, by its SEQNUM, the
 * properties that hotslot-id --udev --claim would print. Of that uevent alone they are sure to be
 * true: a later one may say that the disk has changed. */
#define FORETOLD_DIRECTORY "foretold"

/* As many as udevd may be behind; past it, the oldest are taken back. */
#define FORETOLD_MAX 2048

/* Uevents that are put off at a time: as many as one turn of the loop takes. */
#define FORETELL_LATER 64

struct foretell_later {
	uint64_t seqnum;
	uint64_t diskseq; /* tell of this disk; 0: udevd is through with the uevent */
	uint32_t place;
};

struct foretell {
	const struct tracker *tracker;
	int run, directory;		/* -1: closed */
	uint64_t seqnums[FORETOLD_MAX]; /* told, in turn; 0: none */
	unsigned next;
	struct foretell_later later[FORETELL_LATER];
	size_t n_later;
};

/* Makes the directory, and empties it of what another agent has told. Returns a negative errno, and
 * then nothing is told: all calls below do no harm. */
int foretell_open(struct foretell *foretell, const struct tracker *tracker);
void foretell_close(struct foretell *foretell);

/* Of the uevent "add" of a disk that the tracker does not know yet, where udevd makes the links.
 * Passes over those that hotslot-id has to judge, as it does if anything fails. */
void foretell_arrival(struct foretell *foretell, const struct uevent *event);

/* Of a disk that the tracker knows, where the agent makes the links: there is no name to claim. The
 * host waits for no more than the answer: what this and the next take is put off. */
void foretell_disk(struct foretell *foretell, uint64_t seqnum, const struct disk *disk);

/* udevd is through with that uevent: takes back what it was told. */
void foretell_handled(struct foretell *foretell, uint64_t seqnum);

/* Does what was put off. */
void foretell_continue(struct foretell *foretell);
