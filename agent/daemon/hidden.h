/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the disks are that no list shows: for a host that knows of them by itself. */
#pragma once

#include <jansson.h>

#include "failure.h"
#include "tracker.h"

/* Places that are told. A root file system stands on a few disks, and a page's other members and
 * as many places fit in what is kept free for them. */
#define HIDDEN_MAX 64

/* The member "hidden" of the answer to disks. Returns a new reference, NULL without memory. */
json_t *hidden_report(const struct tracker *tracker);

/* Returns 1 if the guest has a disk at PLACE that is the system's, or has to count as such, 0 if
 * not, or a negative errno if that cannot be read. */
int hidden_has(struct tracker *tracker, uint32_t place);

/* Fills *FAILURE for that negative errno. Returns one, too. */
int hidden_refuse_unknown(uint32_t place, int r, struct failure *failure);

/* Judges anew what the system's disks are: the root file system may have grown onto this one. If it
 * has, or that cannot be told, fills *FAILURE and returns a negative errno. */
int hidden_refuse(struct tracker *tracker, uint32_t place, struct failure *failure);
