/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the contents of disks looked at, a few at a time. */
#include "prober.h"

#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "writes.h"

static bool is_full(const struct tracker *tracker)
{
	size_t running = 0, left = 0;

	for (size_t i = 0; i < tracker->inventory.n_busy; i++) {
		running += tracker->inventory.busy[i]->probe != NULL;
		left += tracker->inventory.busy[i]->probe_left != NULL;
	}
	return running >= PROBES_MAX || left >= PROBES_LEFT_MAX;
}

static void set_state(struct entry *entry, enum contents_state state)
{
	entry->contents = (struct contents){ .state = state };
	for (size_t i = 0; i < entry->n_partitions; i++)
		entry->partition_contents[i] = (struct contents){ .state = state };
}

static void drop_left(struct tracker *tracker, struct entry *entry)
{
	loop_remove(tracker->loop, &entry->left_source);
	child_free(entry->probe_left);
	entry->probe_left = NULL;
}

/* Now the disk can be looked at again. */
static void handle_left(void *data, uint32_t events)
{
	struct entry *entry = data;

	(void)events;
	if (child_status(entry->probe_left) != -EAGAIN)
		drop_left(entry->tracker, entry);
}

static void keep_left(struct tracker *tracker, struct entry *entry, struct child *left)
{
	entry->probe_left = left;
	entry->left_source = (struct source){ child_fd(left), handle_left, entry };
	if (loop_add(tracker->loop, &entry->left_source, EPOLLIN) < 0) {
		entry->left_source.fd = -1;
		drop_left(tracker, entry);
	}
}

void prober_cancel(struct tracker *tracker, struct entry *entry)
{
	struct child *left;

	loop_remove(tracker->loop, &entry->probe_source);
	left = probe_free_but_child(entry->probe);
	entry->probe = NULL;
	entry->probe_again = false;
	if (left)
		keep_left(tracker, entry, left);
}

void prober_forget(struct tracker *tracker, struct entry *entry)
{
	prober_cancel(tracker, entry);
	drop_left(tracker, entry);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The contents are not known, for now: nobody has to wait for it. */
static void retry_later(struct tracker *tracker, struct entry *entry)
{
	prober_cancel(tracker, entry);
	set_state(entry, CONTENTS_UNKNOWN);
	entry->look_by = 0;
	if (entry->looks_given_up < PROBE_RETRIES_MAX)
		entry->look_at = entry->look_by =
			now_ms() + ((uint64_t)PROBE_RETRY_MS << entry->looks_given_up++);
	tracker_changed(tracker, entry);
}

static void handle_probe(void *data, uint32_t events)
{
	struct entry *entry = data;
	struct tracker *tracker = entry->tracker;
	bool again = entry->probe_again, written = entry->written, other_table;
	int r = probe_finish(entry->probe, &entry->contents, entry->partition_contents);

	(void)events;
	if (r == -EAGAIN)
		return;
	entry->looks_given_up = 0;
	other_table = r == 0 && probe_has_other_table(entry->probe);
	prober_cancel(tracker, entry);
	if (r < 0) {
		log_warning("%s: cannot look at its contents: %s", entry->disk.name, strerror(-r));
		set_state(entry, CONTENTS_UNKNOWN);
	}
	/* What was seen may be half of the old and half of the new; but who writes all the time
	 * must not keep partitions from coming. */
	if (!again || other_table)
		writes_settle(tracker, entry, other_table);
	if (again) {
		entry->written = written;
		set_state(entry, CONTENTS_PENDING);
		return;
	}
	tracker_changed(tracker, entry);
}

static void start_probe(struct tracker *tracker, struct entry *entry)
{
	unsigned flags = entry->written ? PROBE_COMPARE_TABLE : 0;
	int r;

	/* Somebody waits for the partitions that he has made; or the guest is never idle. */
	if (entry->written || entry->looks_given_up > 0)
		flags |= PROBE_IN_HURRY;
	/* The kernel reads a table only while it has no partition open. */
	if (entry->partition_written && !entry->reread)
		flags |= PROBE_WRITE_BACK;
	entry->look_by = 0;
	r = probe_start(tracker->links.directory, &entry->disk, entry->partitions,
		entry->n_partitions, flags, &entry->probe);
	if (r == 0) {
		entry->probe_source =
			(struct source){ probe_fd(entry->probe), handle_probe, entry };
		r = loop_add(tracker->loop, &entry->probe_source, EPOLLIN);
	}
	if (r == 0) {
		entry->partition_written &= !(flags & PROBE_WRITE_BACK);
		return;
	}
	log_warning("%s: cannot look at its contents: %s", entry->disk.name, strerror(-r));
	entry->probe_source.fd = -1;
	retry_later(tracker, entry);
}

static void look_within(struct entry *entry, uint64_t put_off_max)
{
	uint64_t now = now_ms();

	inventory_note_busy(entry);
	/* A child that does not end although it was killed says more than an event. */
	if (!entry->probe_left)
		entry->looks_given_up = 0;
	if (entry->probe)
		entry->probe_again = true;
	else if (entry->looks_given_up == 0)
		set_state(entry, CONTENTS_PENDING);
	if (!entry->look_by)
		entry->look_by = now + put_off_max;
	entry->look_at = earlier(now + PROBE_QUIET_MS, entry->look_by);
}

void prober_look(struct tracker *tracker, struct entry *entry)
{
	if (tracker->probing && entry->state == ENTRY_PRESENT) {
		look_within(entry, PROBE_PUT_OFF_MAX_MS);
		return;
	}
	set_state(entry, CONTENTS_UNKNOWN);
	entry->look_by = 0;
}

void prober_look_at_new(struct tracker *tracker, struct entry *entry)
{
	tracker->quiet_at = now_ms() + PROBE_QUIET_MS;
	if (tracker->probing && entry->state == ENTRY_PRESENT)
		look_within(entry, PROBE_ARRIVALS_MAX_MS);
	else
		set_state(entry, CONTENTS_UNKNOWN);
}

static bool is_waiting(const struct entry *entry)
{
	return !entry->probe && !entry->probe_left && entry->state == ENTRY_PRESENT &&
	       (entry->look_by || entry->contents.state == CONTENTS_PENDING);
}

static uint64_t due_at(const struct tracker *tracker, const struct entry *entry)
{
	return earlier(later(entry->look_at, tracker->quiet_at), entry->look_by);
}

/* Who has waited longest comes first: others may want to be looked at all the time. */
static struct entry *find_next(const struct tracker *tracker, bool urgent)
{
	struct entry *next = NULL;
	uint64_t now = now_ms();

	for (size_t i = 0; i < tracker->inventory.n_busy; i++) {
		struct entry *entry = tracker->inventory.busy[i];

		if (!is_waiting(entry) || (next && next->look_by <= entry->look_by))
			continue;
		if (due_at(tracker, entry) <= now ||
			(urgent && entry->contents.state == CONTENTS_PENDING))
			next = entry;
	}
	return next;
}

void prober_continue(struct tracker *tracker, bool urgent)
{
	struct entry *next;

	while (!is_full(tracker) && (next = find_next(tracker, urgent)))
		start_probe(tracker, next);
}

uint64_t prober_deadline(const struct tracker *tracker)
{
	bool full = is_full(tracker);
	uint64_t earliest = UINT64_MAX;

	for (size_t i = 0; i < tracker->inventory.n_busy; i++) {
		const struct entry *entry = tracker->inventory.busy[i];

		if (entry->probe)
			earliest = earlier(earliest, probe_deadline_ms(entry->probe));
		else if (!full && is_waiting(entry))
			earliest = earlier(earliest, due_at(tracker, entry));
	}
	return earliest;
}

void prober_expire(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n_busy; i++) {
		struct entry *entry = tracker->inventory.busy[i];

		if (!entry->probe || probe_deadline_ms(entry->probe) > now_ms())
			continue;
		log_warning("%s: looking at its contents took too long", entry->disk.name);
		retry_later(tracker, entry);
	}
}
