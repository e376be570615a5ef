/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places of disks as the protocol numbers them: slots, and behind them what has none. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "slot.h"

/* "target 254, LUN 16383" with its NUL, and some room. */
#define PLACE_TEXT_SIZE 32

/* The place of a disk at an address, the system's own too. */
uint32_t place_number(uint32_t target, uint32_t lun);

static inline bool place_is_slot(uint64_t place)
{
	return place <= SLOT_MAX;
}

/* The inverse of place_number(). */
uint32_t place_target(uint64_t place);
uint32_t place_lun(uint64_t place);

/* Whether a disk of a user can be there: no place of the system target's, no gap in the numbers. */
bool place_is_valid(uint64_t place);

/* "slot 3", or "target 0, LUN 300" for a place without a slot. */
void place_describe(uint64_t place, char ret[PLACE_TEXT_SIZE]);

struct place_text {
	char text[PLACE_TEXT_SIZE + 4];
};

/* "in slot 3", "at target 0, LUN 300": for messages. */
struct place_text place_locate(uint64_t place);
