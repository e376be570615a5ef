/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sees to it that a disk is still the one that the kernel has taken it for. */
#include "checker.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>

#include "check.h"
#include "log.h"
#include "record.h"
#include "sysfs-write.h"

void checker_note_event(struct tracker *tracker)
{
	struct checker *checker = &tracker->checker;
	uint64_t now = now_ms();

	if (now >= checker->together_until)
		checker->events = 0;
	checker->events++;
	checker->together_until = now + CHECKER_TOGETHER_MS;
	checker->quiet_at = now + CHECKER_QUIET_MS;
	if (checker->events >= CHECKER_BURST)
		checker_doubt(tracker);
}

void checker_doubt(struct tracker *tracker)
{
	if (!tracker->checker.due_by)
		tracker->checker.due_by = now_ms() + CHECKER_PUT_OFF_MAX_MS;
}

static void want_check(struct entry *entry)
{
	entry->check_wanted = true;
	inventory_note_busy(entry);
}

void checker_note_early_reset(struct tracker *tracker, const char *address)
{
	struct checker *checker = &tracker->checker;

	if (strlen(address) >= CHECKER_ADDRESS_SIZE)
		return;
	strcpy(checker->resets[checker->next_reset], address);
	checker->next_reset = (checker->next_reset + 1) % CHECKER_RESETS;
}

/* Whether the first reset of ENTRY was heard of before the disk was. */
static bool take_early_reset(struct checker *checker, const struct entry *entry)
{
	const char *block = strstr(entry->devpath, "/block/");
	const char *address = block ? memrchr(entry->devpath, '/', block - entry->devpath) : NULL;

	for (unsigned i = 0; address && i < CHECKER_RESETS; i++) {
		size_t length = strlen(checker->resets[i]);

		if (length == (size_t)(block - address - 1) &&
			!memcmp(checker->resets[i], address + 1, length)) {
			checker->resets[i][0] = '\0';
			return true;
		}
	}
	return false;
}

void checker_note_added(struct tracker *tracker, struct entry *entry)
{
	entry->added_at = now_ms();
	entry->first_reset = !take_early_reset(&tracker->checker, entry);
	entry->added_seqnum = tracker->event_seqnum;
	if (entry->added_seqnum == 0 && read_attr_u64_at(tracker->view.sys, "kernel/uevent_seqnum",
						&entry->added_seqnum) < 0)
		entry->added_seqnum = 0;
}

void checker_note_reset(struct entry *entry, uint64_t seqnum)
{
	bool first = entry->first_reset;

	entry->first_reset = false;
	/* The kernel spoke with it first before it had a name, and tells of that when it has time.
	 */
	if (seqnum <= entry->added_seqnum ||
		(first && now_ms() < entry->added_at + CHECKER_FIRST_RESET_MS))
		return;
	log_info("%s: was reset; is it still the same?", entry->disk.name);
	entry->was_reset = entry->check_urgent = true;
	want_check(entry);
}

bool checker_is_sure(struct entry *entry, uint64_t since)
{
	if (entry->added_at >= since || entry->checked_at >= since)
		return true;
	entry->check_urgent = true;
	want_check(entry);
	if (entry->checks_given_up > 0 && !entry->check_hangs && entry->asked_at < since)
		entry->check_at = 0;
	return false;
}

/* ---- what was found ---- */

static bool is_current(const struct tracker *tracker, uint32_t place, uint64_t diskseq)
{
	const struct entry *entry = inventory_find_place(&tracker->inventory, place);

	return entry && entry->disk.diskseq == diskseq;
}

/* An event that told of it was lost, has yet to come, or never was: the kernel says nothing of a
 * disk that had no size at all. */
static void look_at_size(struct tracker *tracker, struct entry *entry)
{
	uint64_t diskseq = entry->disk.diskseq, size = entry->disk.size;
	uint32_t place = disk_place(&entry->disk);
	char devpath[PATH_MAX];

	snprintf(devpath, sizeof(devpath), "/%s", entry->devpath);
	tracker_refresh(tracker, devpath);
	if (!is_current(tracker, place, diskseq) || entry->disk.size != size ||
		entry->rescans > CHECKER_RESCANS_MAX)
		return;
	/* If the kernel is at too many others, it is tried again in the same way. */
	(void)scsi_rescan_start(&tracker->view, entry->devpath);
	want_check(entry);
	entry->check_at = now_ms() + ((uint64_t)CHECKER_RESCAN_MS << entry->rescans);
	entry->rescans++;
}

static void retry_later(struct entry *entry, uint64_t asked_at, bool hangs)
{
	/* The first time it may just be going. */
	if (entry->checks_given_up == 1)
		log_warning("%s: does not answer", entry->disk.name);
	entry->checking = false;
	entry->asked_at = asked_at;
	entry->check_hangs = hangs;
	entry->check_at = now_ms() + ((uint64_t)CHECKER_RETRY_MS << entry->checks_given_up);
	entry->was_reset |= entry->checking_reset;
	entry->check_wanted = false;
	if (entry->checks_given_up == CHECKER_RETRIES_MAX) {
		entry->check_urgent = false;
		return;
	}
	entry->checks_given_up++;
	want_check(entry);
}

static void settle(
	struct tracker *tracker, struct entry *entry, enum fresh_result result, uint64_t started)
{
	if (result == FRESH_UNKNOWN) {
		retry_later(entry, started, false);
		return;
	}
	entry->checking = entry->check_urgent = false;
	entry->checks_given_up = 0;
	entry->checked_at = started;
	if (result != FRESH_RESIZED)
		entry->rescans = 0;
	if (result == FRESH_OTHER) {
		tracker_void(tracker, entry);
		return;
	}
	if (result == FRESH_RESET)
		log_warning("%s: was reset while it is in use; it says to be the same disk",
			entry->disk.name);
	if (result == FRESH_RESIZED)
		look_at_size(tracker, entry);
}

/* The child has died, or hangs at the first disk that it has no result of. It has not come to the
 * others: another one begins with these. */
static void settle_unknown(struct entry *entry, const struct check *check, bool first)
{
	if (first) {
		retry_later(entry, check_started(check), !check_is_over(check));
		return;
	}
	entry->checking = false;
	entry->was_reset |= entry->checking_reset;
	want_check(entry);
}

static void finish(struct tracker *tracker, struct checker_run *run)
{
	struct check *check = steal_pointer(run->check);
	size_t count = check_count(check);

	loop_remove(tracker->loop, &run->source);
	for (size_t i = 0; i < check_size(check); i++) {
		uint32_t place;
		uint64_t diskseq;
		enum fresh_result result = check_result(check, i, &place, &diskseq);
		struct entry *entry = inventory_find_place(&tracker->inventory, place);

		if (!entry || entry->disk.diskseq != diskseq)
			continue;
		if (i < count)
			settle(tracker, entry, result, check_started(check));
		else
			settle_unknown(entry, check, i == count);
	}
	check_free(check);
}

static void handle_run(void *data, uint32_t events)
{
	struct checker_run *run = data;

	(void)events;
	finish(run->tracker, run);
}

/* ---- what is next ---- */

static bool is_due(const struct entry *entry, bool urgent, uint64_t now)
{
	return entry->check_wanted && !entry->checking && entry->state == ENTRY_PRESENT &&
	       (!urgent || entry->check_urgent) && entry->check_at <= now;
}

static size_t collect(struct tracker *tracker, bool urgent, struct entry **ret)
{
	uint64_t now = now_ms();
	size_t n = 0;

	for (size_t i = 0; i < tracker->inventory.n_busy && n < CHECK_MAX; i++)
		if (is_due(tracker->inventory.busy[i], urgent, now))
			ret[n++] = tracker->inventory.busy[i];
	return n;
}

static int start_check(
	struct tracker *tracker, struct checker_run *run, struct entry **entries, size_t n)
{
	bool in_hurry = false, was_reset[CHECK_MAX];
	const struct disk *disks[CHECK_MAX];
	int r;

	for (size_t i = 0; i < n; i++) {
		disks[i] = &entries[i]->disk;
		was_reset[i] = entries[i]->was_reset;
		in_hurry |= entries[i]->check_urgent;
	}
	r = check_start(tracker->checker.ask ?: fresh_read, tracker->links.directory,
		tracker->view.sys, disks, was_reset, n, in_hurry, &run->check);
	if (r < 0)
		return r;
	run->tracker = tracker;
	run->source = (struct source){ check_fd(run->check), handle_run, run };
	return loop_add(tracker->loop, &run->source, EPOLLIN);
}

static void start(struct tracker *tracker, struct checker_run *run)
{
	struct entry *entries[CHECK_MAX];
	bool urgent = run == &tracker->checker.urgent;
	size_t n = run->check ? 0 : collect(tracker, urgent, entries);
	int r;

	if (n == 0)
		return;
	r = start_check(tracker, run, entries, n);
	if (r < 0)
		log_error("cannot check who the disks are: %s", strerror(-r));
	for (size_t i = 0; i < n; i++) {
		entries[i]->checking = r == 0;
		/* What is heard while it is asked asks for another look. */
		entries[i]->check_wanted = false;
		entries[i]->checking_reset = entries[i]->was_reset;
		entries[i]->was_reset = false;
		if (r < 0)
			retry_later(entries[i], now_ms(), false);
	}
}

static uint64_t due_at(const struct checker *checker)
{
	if (!checker->due_by)
		return UINT64_MAX;
	return earlier(checker->quiet_at, checker->due_by);
}

static void want_all(struct tracker *tracker)
{
	tracker->checker.due_by = 0;
	for (size_t i = 0; i < tracker->inventory.n; i++)
		want_check(tracker->inventory.entries[i]);
}

static void expire(struct tracker *tracker, struct checker_run *run)
{
	if (run->check && check_deadline(run->check) <= now_ms())
		finish(tracker, run);
}

void checker_continue(struct tracker *tracker)
{
	struct checker *checker = &tracker->checker;

	expire(tracker, &checker->urgent);
	expire(tracker, &checker->patient);
	if (due_at(checker) <= now_ms())
		want_all(tracker);
	start(tracker, &checker->urgent);
	start(tracker, &checker->patient);
}

uint64_t checker_deadline(const struct tracker *tracker)
{
	const struct checker *checker = &tracker->checker;
	uint64_t earliest = due_at(checker);

	if (checker->urgent.check)
		earliest = earlier(earliest, check_deadline(checker->urgent.check));
	if (checker->patient.check)
		return earlier(earliest, check_deadline(checker->patient.check));
	for (size_t i = 0; i < tracker->inventory.n_busy; i++)
		if (is_due(tracker->inventory.busy[i], false, UINT64_MAX))
			earliest = earlier(earliest, tracker->inventory.busy[i]->check_at);
	return earliest;
}

void checker_close(struct tracker *tracker)
{
	struct checker *checker = &tracker->checker;

	loop_remove(tracker->loop, &checker->urgent.source);
	loop_remove(tracker->loop, &checker->patient.source);
	check_free(checker->urgent.check);
	check_free(checker->patient.check);
}
