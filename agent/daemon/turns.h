/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is: not more children at one time than are of use. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each looks through all of /proc: more of them take longer, and leave the agent no processor to
 * answer with. */
#define TURNS_YOUNG_MAX 4

/* Who takes longer waits for a disk and not for a processor, and keeps nobody else waiting. */
#define TURNS_YOUNG_MS 500

/* Those at work, as they were counted last. */
struct turns {
	size_t young, all;
	size_t max;	  /* of all */
	bool wanted;	  /* somebody was told to wait */
	uint64_t next_at; /* now_ms(): when the oldest of the young is young no more */
};

/* Nobody is at work, but those that are counted from now on; at most MAX at one time. */
void turns_reset(struct turns *turns, size_t max);

/* Counts one that has begun at BEGUN_AT. */
void turns_count(struct turns *turns, uint64_t begun_at);

/* Takes a turn, or returns false: ask again after the next count. Whoever waits longest has to ask
 * first. */
bool turns_take(struct turns *turns);

/* When to count again although nobody has ended; UINT64_MAX: never. */
uint64_t turns_deadline(const struct turns *turns);
