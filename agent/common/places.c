/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places of disks as the protocol numbers them: slots, and behind them what has none. */
#include "places.h"

#include <stdio.h>

#include "wire.h"

uint32_t place_number(uint32_t target, uint32_t lun)
{
	if (slot_exists(target, lun))
		return slot_from_place(target, lun);
	return HOTSLOT_PLACE_UNSLOTTED + HOTSLOT_PLACE_LUNS * target + lun;
}

uint32_t place_target(uint64_t place)
{
	if (place_is_slot(place))
		return slot_target((uint32_t)place);
	return (uint32_t)(place - HOTSLOT_PLACE_UNSLOTTED) / HOTSLOT_PLACE_LUNS;
}

uint32_t place_lun(uint64_t place)
{
	if (place_is_slot(place))
		return slot_lun((uint32_t)place);
	return (uint32_t)(place - HOTSLOT_PLACE_UNSLOTTED) % HOTSLOT_PLACE_LUNS;
}

bool place_is_valid(uint64_t place)
{
	if (place < HOTSLOT_PLACE_UNSLOTTED)
		return place_is_slot(place);
	return place <= HOTSLOT_PLACE_MAX && place_target(place) < SLOT_TARGETS &&
	       place_lun(place) >= SLOT_LUNS;
}

void place_describe(uint64_t place, char ret[PLACE_TEXT_SIZE])
{
	if (place_is_slot(place))
		snprintf(ret, PLACE_TEXT_SIZE, "slot %u", (unsigned)place);
	else
		snprintf(ret, PLACE_TEXT_SIZE, "target %u, LUN %u", place_target(place),
			place_lun(place));
}

struct place_text place_locate(uint64_t place)
{
	struct place_text ret;
	char text[PLACE_TEXT_SIZE];

	place_describe(place, text);
	snprintf(ret.text, sizeof(ret.text), "%s %s", place_is_slot(place) ? "in" : "at", text);
	return ret;
}
