/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that are left to their work in the kernel, which may never end it: not more of them than
 * are of use. */
#pragma once

#include "child.h"

/* Children at one time: the kernel scans a SCSI host for one of them after the other anyway. */
#define JOBS_MAX 8

/* Starts a child that runs FN(DATA), with the descriptor KEEP, and leaves it to that. Returns
 * -EALREADY if one of the same NAME, which says what is done to what, is at it still; -EBUSY if
 * JOBS_MAX others are. Then try again later. */
int job_start(const char *name, child_fn fn, void *data, int keep);
