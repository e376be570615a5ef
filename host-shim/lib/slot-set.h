/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of slots, a bit each, and its text: "0-3,17". Pure. */
#pragma once

#include "slot.h"
#include "util.h"

struct slot_set {
	uint64_t words[(SLOT_COUNT + 63) / 64];
};

static inline bool slot_set_has(const struct slot_set *set, unsigned slot)
{
	return set->words[slot / 64] >> slot % 64 & 1;
}

static inline void slot_set_add(struct slot_set *set, unsigned slot)
{
	set->words[slot / 64] |= UINT64_C(1) << slot % 64;
}

static inline void slot_set_remove(struct slot_set *set, unsigned slot)
{
	set->words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

/* The lowest slot of the set from FROM on, -1 if there is none. */
int slot_set_next(const struct slot_set *set, unsigned from);

static inline bool slot_set_is_empty(const struct slot_set *set)
{
	return slot_set_next(set, 0) < 0;
}

size_t slot_set_count(const struct slot_set *set);

/* Parses slots and ranges with commas between them, in any order. -EBADMSG if it is anything else,
 * an empty text for one. */
int slot_set_parse(const char *text, struct slot_set *ret);

/* The shortest such text, in order; empty for no slot. The caller frees *ret. */
int slot_set_format(const struct slot_set *set, char **ret);
