/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears the kernel say that a disk was reset, as a new one does that it has taken for another. */
#pragma once

#include "tracker.h"

/* A new disk is reset twice as the kernel looks at it, and who is told of that then takes the
 * processor from it (a fortieth of an attach, measured on one processor). So while a disk is
 * expected, that is heard a little later; no later than this, as it may be another disk's. */
#define RESETS_PUT_OFF_MS 50

struct resets {
	struct tracker *tracker;
	struct source source;
	bool put_off;
	uint64_t until; /* when that ends at the latest, in now_ms() */
};

/* Starts to listen. Returns a negative errno. */
int resets_open(struct resets *resets, struct tracker *tracker);

/* A disk has been expected since then, in now_ms(), or none is (0): puts off what is not to be
 * heard now. */
void resets_continue(struct resets *resets, uint64_t expected_at);

/* When to call that though nothing happens; UINT64_MAX for never. */
uint64_t resets_deadline(const struct resets *resets);

void resets_close(struct resets *resets);
