/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks some disks who they are, one after the other, in a child. */
#pragma once

#include "fresh-read.h"

/* Disks that one child asks. Many of them, as a fork costs more than asking; but one that hangs
 * holds up those behind it. */
#define CHECK_MAX 64

/* A disk answers in a fraction of a millisecond, and a child that is out of favour waits for all
 * others to be done. */
#define CHECK_DEADLINE_MS 1000

struct check;

/* Starts to ask N disks by ASK; WAS_RESET: see fresh_read(). If nobody waits for it, not IN_HURRY,
 * the child gives way to everything else. */
int check_start(fresh_read_fn ask, const char *dev_dir, int sysfd, const struct disk *const *disks,
	const bool *was_reset, size_t n, bool in_hurry, struct check **ret);

/* Readable (EPOLLIN) once the child has ended. */
int check_fd(const struct check *check);

/* When it has taken too long, by now_ms(). */
uint64_t check_deadline(const struct check *check);

/* When it was started, by now_ms(). */
uint64_t check_started(const struct check *check);

bool check_is_over(const struct check *check);

/* How many disks were asked so far: the result of each of them holds. The one after them is the one
 * that hangs, if the deadline has passed. */
size_t check_count(const struct check *check);

/* What was found for the disk with this index, and which one that was. */
enum fresh_result check_result(
	const struct check *check, size_t i, uint32_t *ret_place, uint64_t *ret_diskseq);
size_t check_size(const struct check *check);

/* Ends the child, without waiting for it. Takes NULL. */
void check_free(struct check *check);
