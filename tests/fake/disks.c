/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that the test double tests/vm/fake-agent.c makes up. */
#include "disks.h"

#include <stdio.h>

#include "slot.h"
#include "times.h"
#include "util.h"
#include "wire.h"

/* Disks without a slot, as agent/PROTOCOL.md has their places. */
#define UNSLOTTED_PLACE 65536
#define UNSLOTTED_LUN 256

json_t *fake_disk(json_int_t slot, const char *serial, json_int_t size, bool read_only)
{
	char link[64];
	bool unslotted = slot > SLOT_MAX;
	json_int_t lun = unslotted ? slot - SLOT_COUNT + UNSLOTTED_LUN : slot_lun(slot);
	json_t *record;

	snprintf(link, sizeof(link), "/dev/disk/by-slot/%lld", (long long)slot);
	record = json_pack("{s:I, s:I, s:I, s:I, s:s?, s:b, s:s, s:s, s:I, s:I, s:i, s:b, s:s, "
			   "s:[s], s:{s:s}, s:[]}",
		"place", unslotted ? UNSLOTTED_PLACE + lun : slot, "slot", slot, "target",
		(json_int_t)(unslotted ? 0 : slot_target(slot)), "lun", lun, "serial", serial,
		"conflict", false, "name", "sda", "devnum", "8:0", "diskseq", (json_int_t)1, "size",
		size, "block-size", 512, "read-only", read_only, "state", "present", "links", link,
		"contents", "state", "known", "partitions");
	if (unslotted)
		json_object_set_new(record, "slot", json_null());
	return record;
}

void fake_put_times(json_t *body, const json_t *request, const json_t *orders)
{
	const json_t *arguments = json_object_get(request, "arguments");
	json_t *disk = json_object_get(body, "disk");
	struct times times = { .kernel = now_us() };

	if (!json_is_true(json_object_get(arguments, "timing")) ||
		json_object_get(orders, "timeless"))
		return;
	times_note_links(&times, times.kernel);
	if (disk)
		times_add(disk, &times);
	times_add_clock(body, times.kernel);
}

static json_t *make_labelled(json_int_t slot, json_int_t label)
{
	json_t *record = fake_disk(slot, NULL, 512, false);
	char text[HOTSLOT_FRAME_MAX];

	snprintf(text, sizeof(text), "%0*d", (int)label, 0);
	json_object_set_new(
		json_object_get(record, "contents"), "label", json_stringn(text, (size_t)label));
	return record;
}

void fake_put_page(json_t *answer, const json_t *after, json_int_t label)
{
	json_int_t first = after ? json_integer_value(after) + 1 : 0;
	json_t *body = json_object_get(answer, "return"), *disks = json_array();

	if (first >= UNSLOTTED_PLACE)
		first += SLOT_COUNT - UNSLOTTED_PLACE - UNSLOTTED_LUN;
	for (int i = 0; i < HOTSLOT_PAGE_MAX; i++)
		json_array_append_new(disks, make_labelled(first + i, label));
	json_object_set(body, "next",
		json_object_get(json_array_get(disks, HOTSLOT_PAGE_MAX - 1), "place"));
	json_object_set_new(body, "disks", disks);
}
