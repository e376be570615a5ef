/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each waiting request waits for, and its answer. */
#include "condition.h"

#include <string.h>

#include "checker.h"
#include "explain.h"
#include "hidden.h"
#include "log.h"
#include "page.h"
#include "places.h"
#include "release-wait.h"
#include "release.h"
#include "report.h"
#include "sysfs-write.h"

static json_t *make_state(const struct pending *pending, const char *state)
{
	json_t *slot = pending->place <= SLOT_MAX ? json_integer(pending->place) : json_null();

	return json_pack("{s:o, s:I, s:s}", "slot", slot, "place", (json_int_t)pending->place,
		"state", state);
}

static void answer_state(struct server *server, const struct pending *pending, const char *state)
{
	server_answer(server, pending->id, make_state(pending, state));
}

static void answer_disk(struct server *server, const struct pending *pending,
	const struct entry *entry, json_t *record)
{
	json_t *answer;

	if (pending->timing)
		record = times_add(record, &entry->times);
	answer = record ? json_pack("{s:o}", "disk", record) : NULL;
	if (pending->timing)
		answer = times_add_clock(answer, pending->asked_us);
	server_answer(server, pending->id, answer);
}

/* What has waited for its turn until its deadline is not begun with any more. */
static bool take_turn(struct server *server, struct pending *pending)
{
	if (pending->queued && pending->deadline <= now_ms())
		return false;
	pending->queued = !turns_take(&server->releases);
	return !pending->queued;
}

/* ---- expect ---- */

/* Two serials and what stands around them. */
#define MISMATCH_SIZE (2 * SERIAL_ENCODED_MAX + 64)

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

static bool refuse_mismatch(struct server *server, struct pending *pending, struct entry *entry)
{
	char mismatch[MISMATCH_SIZE], place[PLACE_TEXT_SIZE];
	struct failure failure = {};

	if (!find_mismatch(pending, &entry->disk, mismatch, sizeof(mismatch)))
		return false;
	place_describe(pending->place, place);
	fail_request(&failure, HOTSLOT_CLASS_MISMATCH, "the disk in %s (%s): %s", place,
		entry->disk.name, mismatch);
	failure.extra = json_pack("{s:o}", "disk", report_disk(server->tracker, entry));
	server_refuse(server, pending->id, &failure);
	return true;
}

static void refuse_step(struct server *server, const struct pending *pending,
	const struct entry *entry, const char *what, int r)
{
	struct failure failure = {};
	char place[PLACE_TEXT_SIZE];

	place_describe(pending->place, place);
	fail_request(&failure, HOTSLOT_CLASS_INTERNAL, "cannot %s %s in %s: %s", what,
		entry->disk.name, place, strerror(-r));
	server_refuse(server, pending->id, &failure);
}

/* Returns true if it is answered, as all of these. */
static bool check_expect(struct server *server, struct pending *pending, struct entry *entry)
{
	json_t *record;
	bool complete;
	int r = 0;

	/* One that is being taken is answered when it is known whether it was. */
	if (!entry || !place_is_vacated(server, pending->place) || entry->state == ENTRY_TAKING)
		return false;
	/* What came before the request may have been exchanged, unnoticed by the kernel. */
	if (entry->state == ENTRY_PRESENT && !checker_is_sure(entry, pending->asked_at))
		return false;
	if (refuse_mismatch(server, pending, entry))
		return true;
	if (entry->state == ENTRY_RELEASED) {
		if (!take_turn(server, pending))
			return false;
		r = release_undo(server, entry);
	}
	if (r < 0) {
		refuse_step(server, pending, entry, "take back into use", r);
		return true;
	}
	record = report_disk_looking(server->tracker, entry, &complete);
	if (record && !complete) {
		json_decref(record);
		return false;
	}
	times_note_links(&entry->times, pending->asked_us);
	/* It gets what an event does not tell. */
	if (!pending->timing)
		server_keep_record(server, entry, record);
	/* Whatever was released there, the host means this one from now on. */
	released_forget(&server->tracker->released, pending->place);
	answer_disk(server, pending, entry, record);
	if (!entry->announced)
		times_note(&entry->times.report);
	return true;
}

/* ---- release ---- */

static void answer_released(
	struct server *server, const struct pending *pending, const struct entry *entry)
{
	json_t *answer = make_state(pending, "released");
	json_t *users = pending->force ? release_users(entry) : NULL;

	if (users)
		json_object_set_new(answer, "users", users);
	if (hold_is_unwritten(entry->hold))
		json_object_set_new(answer, "unwritten", json_string(entry->disk.name));
	released_note(&server->tracker->released, &entry->disk);
	server_answer(server, pending->id, answer);
}

/* Neither under way nor in use, and its turn. */
static bool can_begin(struct server *server, struct pending *pending, const struct entry *entry)
{
	if (entry->state != ENTRY_PRESENT && entry->state != ENTRY_RELEASED)
		return false;
	if (entry->state == ENTRY_PRESENT && pending->wait && !pending->force &&
		release_wait_is_busy(server, entry))
		return false;
	return take_turn(server, pending);
}

/* The judgement is the last moment to see that the disk is the system's; it may forget the disk. */
static bool begin_release(struct server *server, struct pending *pending)
{
	struct failure failure = {};
	struct entry *entry;
	int r = 0;

	if (hidden_refuse(server->tracker, pending->place, &failure) < 0) {
		server_refuse(server, pending->id, &failure);
		return true;
	}
	entry = inventory_find_place(&server->tracker->inventory, pending->place);
	/* An agent before this one has set it offline, and may not have come to look whether
	 * somebody had it open: it is released anew. */
	if (entry && entry->state == ENTRY_RELEASED)
		r = release_undo(server, entry);
	else if (entry && entry->state == ENTRY_PRESENT)
		r = release_start(server, entry, pending->force);
	/* It is going; its removal answers. */
	if (r >= 0 || r == -ENODEV || r == -ESTALE)
		return false;
	refuse_step(server, pending, entry, "release", r);
	return true;
}

static bool check_vacant(struct server *server, struct pending *pending)
{
	uint64_t until = voids_await(&server->tracker->voids, pending->place);
	struct failure failure = {};
	int r;

	/* The disk that it is about may have been taken for another one. */
	if (until > 0) {
		pending->look_at = until;
		return false;
	}
	if (!place_is_vacated(server, pending->place))
		return false;
	r = hidden_has(server->tracker, pending->place);
	/* What was hidden meanwhile is not gone. */
	if (r > 0)
		return false;
	if (r == 0) {
		answer_state(server, pending, "gone");
	} else {
		hidden_refuse_unknown(pending->place, r, &failure);
		server_refuse(server, pending->id, &failure);
	}
	return true;
}

static bool check_release(struct server *server, struct pending *pending, struct entry *entry)
{
	if (!entry)
		return check_vacant(server, pending);
	if (entry->state == ENTRY_RELEASED && entry->hold) {
		answer_released(server, pending, entry);
		return true;
	}
	return can_begin(server, pending, entry) && begin_release(server, pending);
}

/* It has another number if somebody has had it deleted and found again meanwhile. */
static bool is_unplugged(
	const struct server *server, const struct pending *pending, const struct entry *entry)
{
	uint64_t diskseq = pending->diskseq;

	if (!entry)
		return false;
	return entry->disk.diskseq == diskseq ||
	       (released_find(&server->tracker->released, pending->place, &diskseq) &&
		       entry->disk.diskseq == diskseq);
}

/* Another disk may be there by now: it is none of the host's concern that asks. */
static bool check_gone(struct server *server, struct pending *pending, struct entry *entry)
{
	if (is_unplugged(server, pending, entry) || !place_is_vacated(server, pending->place))
		return false;
	released_forget(&server->tracker->released, pending->place);
	answer_state(server, pending, "gone");
	return true;
}

/* ---- resize ---- */

static bool check_resize(struct server *server, struct pending *pending, struct entry *entry)
{
	struct failure failure = {};
	char place[PLACE_TEXT_SIZE];

	/* One that is being taken, or given back, is answered when it is known what became of it.
	 */
	if (entry && (entry->state == ENTRY_TAKING || entry->state == ENTRY_RESTORING))
		return false;
	if (entry && entry->state == ENTRY_PRESENT) {
		if (entry->disk.size != pending->size)
			return false;
		answer_disk(server, pending, entry, report_disk(server->tracker, entry));
		return true;
	}
	place_describe(pending->place, place);
	if (entry)
		fail_request(&failure, HOTSLOT_CLASS_INVALID, "%s in %s is released",
			entry->disk.name, place);
	else
		fail_request(&failure, HOTSLOT_CLASS_INVALID, "there is no disk in %s", place);
	server_refuse(server, pending->id, &failure);
	return true;
}

/* ---- time ---- */

/* There are children enough that the kernel does not end. */
static void put_look_off(struct pending *pending)
{
	uint64_t again = pending->put_off ? 2 * pending->put_off : PENDING_AGAIN_MS;

	pending->put_off = again < PENDING_AGAIN_MAX_MS ? again : PENDING_AGAIN_MAX_MS;
	pending->look_at = now_ms() + pending->put_off;
}

/* The kernel may have missed it, or have it, and its event was lost, or udevd has. */
static int look_for(struct tracker *tracker, uint32_t place, const struct entry *entry)
{
	int r = 0;

	if (!entry)
		r = scsi_scan_start(&tracker->view, tracker->identity.controller,
			place_target(place), place_lun(place));
	if (r == 0 && (!entry || (entry_is_usable(entry) && !report_is_linked(tracker, entry))))
		r = tracker_seek(tracker, place);
	return r;
}

/* What is in use may be another disk that the kernel takes for the one that was unplugged: it is
 * asked, and dropped only if it is. */
static int look_if_gone(struct server *server, struct pending *pending, struct entry *entry)
{
	if (!is_unplugged(server, pending, entry))
		return 0;
	if (entry->state == ENTRY_PRESENT) {
		(void)checker_is_sure(entry, pending->asked_at);
		return 0;
	}
	pending->diskseq = entry->disk.diskseq;
	return release_delete(server, entry);
}

/* No event came for long: has the kernel look. */
static void look(struct server *server, struct pending *pending, struct entry *entry)
{
	const struct tracker *tracker = server->tracker;
	char place[PLACE_TEXT_SIZE];
	int r = 0;

	pending->look_at = UINT64_MAX;
	if (pending->kind == PENDING_EXPECT)
		r = look_for(server->tracker, pending->place, entry);
	else if (pending->kind == PENDING_GONE)
		r = look_if_gone(server, pending, entry);
	else if (pending->kind == PENDING_RESIZE && entry)
		r = scsi_rescan_start(&tracker->view, entry->devpath);
	if (r == -EALREADY || r == -EBUSY) {
		put_look_off(pending);
		return;
	}
	if (r == 0)
		return;
	place_describe(pending->place, place);
	log_warning("%s: cannot have the kernel look at it: %s", place, strerror(-r));
}

/* By force a disk goes in time, though the kernel hangs at it. */
static void hurry(struct server *server, struct pending *pending, struct entry *entry, uint64_t now)
{
	int r = entry ? release_hurry(server, entry) : 0;

	/* What hung was no release by force: that has what is left, and half of it to write. */
	pending->hurry_at = r > 0 ? now + (pending->deadline - now) / 2 : 0;
	if (r < 0)
		log_error("%s: cannot set it offline: %s", entry->disk.name, strerror(-r));
}

static void expire(struct server *server, struct pending *pending, struct entry *entry)
{
	struct failure failure = {};

	explain_timeout(server, pending, entry, &failure);
	if (pending->kind == PENDING_RELEASE && entry)
		release_cancel(server, entry);
	server_refuse(server, pending->id, &failure);
}

bool condition_check(struct server *server, struct pending *pending, uint64_t now)
{
	struct entry *entry = inventory_find_place(&server->tracker->inventory, pending->place);
	bool done = false;

	switch (pending->kind) {
	case PENDING_EXPECT:
		done = check_expect(server, pending, entry);
		break;
	case PENDING_RELEASE:
		done = check_release(server, pending, entry);
		entry = inventory_find_place(&server->tracker->inventory, pending->place);
		break;
	case PENDING_GONE:
		done = check_gone(server, pending, entry);
		break;
	case PENDING_RESIZE:
		done = check_resize(server, pending, entry);
		break;
	case PENDING_DISKS:
		done = pending->deadline <= now || page_is_known(server, pending);
		if (done)
			server_answer(server, pending->id, page_answer(server, pending));
		break;
	}
	if (!done && pending->look_at <= now)
		look(server, pending, entry);
	if (!done && pending->hurry_at > 0 && pending->hurry_at <= now && pending->deadline > now)
		hurry(server, pending, entry, now);
	if (!done && pending->deadline <= now) {
		expire(server, pending, entry);
		done = true;
	}
	return done;
}
