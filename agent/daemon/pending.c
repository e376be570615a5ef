/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait: for a disk, for its release, for its contents. */
#include "pending.h"

#include <string.h>

#include "log.h"
#include "record.h"
#include "release.h"
#include "report.h"
#include "sysfs-write.h"
#include "udevd-queue.h"

/* What a page has besides its records. */
#define PAGE_ENVELOPE_MAX 1024

static void pending_free(struct pending *pending)
{
	json_decref(pending->id);
	free(pending);
}

static json_t *answer_state(uint32_t slot, const char *state)
{
	return json_pack("{s:i, s:s}", "slot", (int)slot, "state", state);
}

/* The kernel may be done with the slot's last disk, but udevd may not. */
static bool is_vacated(const struct server *server, uint32_t slot)
{
	return !server->udevd || !udevd_queue_has(server->udevd, slot);
}

/* ---- disks ---- */

static bool is_page_known(const struct server *server, const struct pending *pending)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t first = inventory_search(inventory, pending->from);

	for (size_t i = first; i < inventory->n && i < first + pending->limit; i++)
		if (inventory->entries[i]->contents.state == CONTENTS_PENDING)
			return false;
	return true;
}

/* Adds records until the page or the frame is full. Returns how many. */
static size_t fill_page(
	struct server *server, const struct pending *pending, size_t first, json_t *disks)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t size = PAGE_ENVELOPE_MAX, n = 0;

	while (first + n < inventory->n && n < pending->limit) {
		struct entry *entry = inventory->entries[first + n];
		json_t *record = report_disk(server->tracker, entry);

		if (!record)
			break;
		size += json_dumpb(record, NULL, 0, JSON_COMPACT) + 1;
		if (n > 0 && size > HOTSLOT_FRAME_MAX) {
			json_decref(record);
			break;
		}
		entry->reported = report_hash(record);
		json_array_append_new(disks, record);
		n++;
	}
	return n;
}

static json_t *answer_disks(struct server *server, const struct pending *pending)
{
	const struct inventory *inventory = &server->tracker->inventory;
	size_t first = inventory_search(inventory, pending->from), n;
	json_t *disks = json_array(), *next = json_null();

	if (!disks)
		return NULL;
	n = fill_page(server, pending, first, disks);
	if (n > 0 && first + n < inventory->n)
		next = json_integer(
			(json_int_t)disk_place(&inventory->entries[first + n - 1]->disk));
	return json_pack("{s:o, s:o, s:I, s:I}", "disks", disks, "next", next, "total",
		(json_int_t)inventory->n, "seq", (json_int_t)server->seq);
}

/* ---- expect ---- */

/* Says what is not as expected, or returns false. */
static bool find_mismatch(
	const struct pending *pending, const struct disk *disk, char *ret, size_t size)
{
	if (*pending->serial && strcmp(pending->serial, disk->serial))
		snprintf(ret, size, "serial is %s, not %s",
			*disk->serial ? disk->serial : "missing", pending->serial);
	else if (pending->size != UINT64_MAX && pending->size != disk->size)
		snprintf(ret, size, "size is %llu bytes, not %llu", (unsigned long long)disk->size,
			(unsigned long long)pending->size);
	else if (pending->read_only >= 0 && pending->read_only != disk->read_only)
		snprintf(ret, size, "it is %s", disk->read_only ? "read-only" : "not read-only");
	else
		return false;
	return true;
}

/* Returns true if it is answered. */
static bool check_expect(struct server *server, struct pending *pending, struct entry *entry)
{
	struct failure failure = {};
	json_t *record;
	char mismatch[2 * SERIAL_ENCODED_MAX + 64];

	/* One that is being taken is answered when it is known whether it was. */
	if (!entry || !is_vacated(server, pending->slot) || entry->state == ENTRY_TAKING)
		return false;
	if (find_mismatch(pending, &entry->disk, mismatch, sizeof(mismatch))) {
		fail_request(&failure, HOTSLOT_CLASS_MISMATCH, "the disk in slot %u (%s): %s",
			pending->slot, entry->disk.name, mismatch);
		failure.extra = json_pack("{s:o}", "disk", report_disk(server->tracker, entry));
		server_refuse(server, pending->id, &failure);
		return true;
	}
	if (entry->state == ENTRY_RELEASED && release_undo(server, entry) < 0) {
		fail_request(&failure, HOTSLOT_CLASS_INTERNAL,
			"cannot take %s in slot %u back into use", entry->disk.name, pending->slot);
		server_refuse(server, pending->id, &failure);
		return true;
	}
	if (!report_is_linked(server->tracker, entry))
		return false;
	record = report_disk(server->tracker, entry);
	/* The record has the last word: it has looked whether this still is the disk. */
	if (record && json_array_size(json_object_get(record, "links")) == 0) {
		json_decref(record);
		return false;
	}
	server_answer(server, pending->id, record ? json_pack("{s:o}", "disk", record) : NULL);
	return true;
}

/* ---- release ---- */

static bool check_release(struct server *server, struct pending *pending, struct entry *entry)
{
	struct failure failure = {};
	int r = 0;

	if (!entry) {
		if (!is_vacated(server, pending->slot))
			return false;
		server_answer(server, pending->id, answer_state(pending->slot, "gone"));
		return true;
	}
	if (entry->state == ENTRY_RELEASED) {
		server_answer(server, pending->id, answer_state(pending->slot, "released"));
		return true;
	}
	if (entry->state == ENTRY_PRESENT)
		r = release_start(server, entry, pending->force);
	/* It is going; its removal answers. */
	if (r == -ENODEV || r == -ESTALE)
		return false;
	if (r < 0) {
		fail_request(&failure, HOTSLOT_CLASS_INTERNAL, "cannot release %s in slot %u: %s",
			entry->disk.name, pending->slot, strerror(-r));
		server_refuse(server, pending->id, &failure);
		return true;
	}
	return false;
}

static bool check_gone(struct server *server, struct pending *pending, struct entry *entry)
{
	if (entry || !is_vacated(server, pending->slot))
		return false;
	server_answer(server, pending->id, answer_state(pending->slot, "gone"));
	return true;
}

/* ---- time ---- */

/* No event came for long: has the kernel look. */
static void look(struct server *server, struct pending *pending, struct entry *entry)
{
	int r = 0;

	pending->look_at = UINT64_MAX;
	if (pending->kind == PENDING_EXPECT && !entry)
		r = scsi_scan_start(&server->tracker->view, server->tracker->identity.controller,
			slot_target(pending->slot), slot_lun(pending->slot));
	else if (pending->kind == PENDING_GONE && entry)
		r = release_delete(server, entry);
	if (r < 0)
		log_warning("slot %u: cannot have the kernel look at it: %s", pending->slot,
			strerror(-r));
}

static void expire(struct server *server, struct pending *pending, struct entry *entry)
{
	struct failure failure = {};

	if (pending->kind == PENDING_RELEASE && entry)
		release_cancel(server, entry);
	if (!entry && !is_vacated(server, pending->slot))
		fail_request(&failure, HOTSLOT_CLASS_TIMEOUT,
			"udevd has yet to see the last disk of slot %u go", pending->slot);
	else if (pending->kind == PENDING_GONE)
		fail_request(&failure, HOTSLOT_CLASS_TIMEOUT, "%s is still in slot %u",
			entry ? entry->disk.name : "a disk", pending->slot);
	else if (pending->kind == PENDING_RELEASE)
		fail_request(&failure, HOTSLOT_CLASS_TIMEOUT,
			"writing back %s in slot %u takes longer",
			entry ? entry->disk.name : "the disk", pending->slot);
	else if (!entry)
		fail_request(
			&failure, HOTSLOT_CLASS_TIMEOUT, "no disk came to slot %u", pending->slot);
	else
		fail_request(&failure, HOTSLOT_CLASS_TIMEOUT,
			"%s is in slot %u, but its link is not "
			"there",
			entry->disk.name, pending->slot);
	server_refuse(server, pending->id, &failure);
}

static bool check(struct server *server, struct pending *pending, uint64_t now)
{
	struct entry *entry = inventory_find_slot(&server->tracker->inventory, pending->slot);
	bool done = false;

	switch (pending->kind) {
	case PENDING_EXPECT:
		done = check_expect(server, pending, entry);
		break;
	case PENDING_RELEASE:
		done = check_release(server, pending, entry);
		break;
	case PENDING_GONE:
		done = check_gone(server, pending, entry);
		break;
	case PENDING_DISKS:
		done = pending->deadline <= now || is_page_known(server, pending);
		if (done)
			server_answer(server, pending->id, answer_disks(server, pending));
		break;
	}
	if (!done && pending->look_at <= now)
		look(server, pending, entry);
	if (!done && pending->deadline <= now) {
		expire(server, pending, entry);
		done = true;
	}
	return done;
}

/* Answering can end the session and with it every other request: so each is taken off the list
 * while it is checked, and the walk starts again after an answer. */
void pending_check_all(struct server *server)
{
	struct pending **link = &server->pending;
	uint64_t now = now_ms();

	while (*link) {
		struct pending *pending = *link;

		*link = pending->next;
		if (check(server, pending, now)) {
			pending_free(pending);
			if (server->n_pending > 0)
				server->n_pending--;
			link = &server->pending;
		} else {
			*link = pending;
			link = &pending->next;
		}
	}
}

/* Who releases a disk does not expect it any more: an expect that still waits would take it back.
 */
static void end_expects(struct server *server, uint32_t slot)
{
	struct failure failure = {};

	fail_request(&failure, HOTSLOT_CLASS_TIMEOUT, "slot %u is released meanwhile", slot);
	pending_refuse(server, PENDING_EXPECT, slot, false, &failure);
}

int pending_add(struct server *server, const struct pending *wait, struct failure *failure)
{
	struct pending **last = &server->pending, *pending;

	if (server->n_pending == HOTSLOT_PENDING_MAX)
		return fail_request(failure, HOTSLOT_CLASS_TOO_MANY, "%d requests wait already",
			HOTSLOT_PENDING_MAX);
	pending = malloc(sizeof(*pending));
	if (!pending)
		return fail_request(failure, HOTSLOT_CLASS_INTERNAL, "no memory");
	*pending = *wait;
	json_incref(pending->id);
	pending->next = NULL;
	if (wait->kind == PENDING_RELEASE || wait->kind == PENDING_GONE)
		end_expects(server, wait->slot);
	if (check(server, pending, now_ms())) {
		pending_free(pending);
		return 0;
	}
	while (*last)
		last = &(*last)->next;
	*last = pending;
	server->n_pending++;
	return 0;
}

void pending_refuse(struct server *server, enum pending_kind kind, uint32_t slot, bool spare_forced,
	struct failure *failure)
{
	struct pending **link = &server->pending;

	while (*link) {
		struct pending *pending = *link;
		struct failure copy = *failure;

		if (pending->kind != kind || pending->slot != slot ||
			(spare_forced && pending->force)) {
			link = &pending->next;
			continue;
		}
		*link = pending->next;
		server->n_pending--;
		json_incref(copy.extra);
		server_refuse(server, pending->id, &copy);
		pending_free(pending);
		link = &server->pending;
	}
	json_decref(failure->extra);
	failure->extra = NULL;
}

bool pending_wants_contents(const struct server *server)
{
	for (const struct pending *p = server->pending; p; p = p->next)
		if (p->kind == PENDING_DISKS)
			return true;
	return false;
}

void pending_drop_all(struct server *server)
{
	while (server->pending) {
		struct pending *pending = server->pending;

		server->pending = pending->next;
		pending_free(pending);
	}
	server->n_pending = 0;
}

uint64_t pending_deadline(const struct server *server)
{
	uint64_t earliest = UINT64_MAX;

	for (const struct pending *p = server->pending; p; p = p->next) {
		if (p->deadline < earliest)
			earliest = p->deadline;
		if (p->look_at < earliest)
			earliest = p->look_at;
	}
	return earliest;
}
