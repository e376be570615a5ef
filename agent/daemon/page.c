/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page of the inventory: the answer to disks. */
#include "page.h"

#include "hidden.h"
#include "record.h"
#include "report.h"

bool page_is_known(const struct server *server, const struct pending *pending)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t first = inventory_search(inventory, pending->place);

	for (size_t i = first; i < inventory->n && i < first + pending->limit; i++)
		if (inventory->entries[i]->contents.state == CONTENTS_PENDING)
			return false;
	return true;
}

/* Adds records until the page or the frame is full. A page without one that could not be made would
 * say that there is none. */
static int fill_page(
	struct server *server, const struct pending *pending, size_t first, json_t *disks)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t size = REPORT_ENVELOPE_MAX, n = 0;

	while (first + n < inventory->n && n < pending->limit) {
		struct entry *entry = inventory->entries[first + n];
		json_t *record = report_disk(server->tracker, entry);
		uint64_t hash = record ? report_hash(record) : 0;

		if (pending->timing)
			record = times_add(record, &entry->times);
		if (!record)
			return -ENOMEM;
		size += json_dumpb(record, NULL, 0, JSON_COMPACT) + 1;
		if (n > 0 && size > HOTSLOT_FRAME_MAX) {
			json_decref(record);
			break;
		}
		entry->reported = hash;
		json_array_append_new(disks, record);
		n++;
	}
	return 0;
}

json_t *page_answer(struct server *server, const struct pending *pending)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t first = inventory_search(inventory, pending->place), n;
	json_t *disks = json_array(), *next = json_null(), *answer;

	if (!disks || fill_page(server, pending, first, disks) < 0) {
		json_decref(disks);
		return NULL;
	}
	n = json_array_size(disks);
	if (n > 0 && first + n < inventory->n)
		next = json_integer(
			(json_int_t)disk_place(&inventory->entries[first + n - 1]->disk));
	answer = json_pack("{s:o, s:o, s:I, s:I, s:o}", "disks", disks, "next", next, "total",
		(json_int_t)inventory->n, "seq", (json_int_t)server->seq, "hidden",
		hidden_report(server->tracker));
	return pending->timing ? times_add_clock(answer, pending->asked_us) : answer;
}
