/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears the kernel say that a disk was reset, as a new one does that it has taken for another. */
#pragma once

#include "tracker.h"

struct resets {
	struct tracker *tracker;
	struct source source;
};

/* Starts to listen. Returns a negative errno. */
int resets_open(struct resets *resets, struct tracker *tracker);
void resets_close(struct resets *resets);
