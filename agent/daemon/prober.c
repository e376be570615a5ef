/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the contents of disks looked at, a few at a time. */
#include "prober.h"

#include <string.h>
#include <sys/epoll.h>

#include "log.h"
#include "writes.h"

static size_t count_running(const struct tracker *tracker)
{
	size_t n = 0;

	for (size_t i = 0; i < tracker->inventory.n; i++)
		n += tracker->inventory.entries[i]->probe != NULL;
	return n;
}

static void set_state(struct entry *entry, enum contents_state state)
{
	entry->contents = (struct contents){ .state = state };
	for (size_t i = 0; i < entry->n_partitions; i++)
		entry->partition_contents[i] = (struct contents){ .state = state };
}

void prober_cancel(struct tracker *tracker, struct entry *entry)
{
	loop_remove(tracker->loop, &entry->probe_source);
	probe_free(entry->probe);
	entry->probe = NULL;
	entry->probe_again = false;
}

static void handle_probe(void *data, uint32_t events)
{
	struct entry *entry = data;
	struct tracker *tracker = entry->tracker;
	bool again = entry->probe_again, other_table;
	int r = probe_finish(entry->probe, &entry->contents, entry->partition_contents);

	(void)events;
	if (r == -EAGAIN)
		return;
	other_table = r == 0 && probe_has_other_table(entry->probe);
	prober_cancel(tracker, entry);
	if (r < 0) {
		log_warning("%s: cannot look at its contents: %s", entry->disk.name, strerror(-r));
		set_state(entry, CONTENTS_UNKNOWN);
	}
	/* What was seen may be half of the old and half of the new. */
	if (again) {
		set_state(entry, CONTENTS_PENDING);
		return;
	}
	writes_settle(tracker, entry, other_table);
	tracker_changed(tracker, entry);
}

static void start_probe(struct tracker *tracker, struct entry *entry)
{
	unsigned flags = (entry->partition_written ? PROBE_WRITE_BACK : 0) |
			 (entry->written ? PROBE_COMPARE_TABLE : 0);
	int r = probe_start(tracker->links.directory, &entry->disk, entry->partitions,
		entry->n_partitions, flags, &entry->probe);

	if (r == 0) {
		entry->probe_source =
			(struct source){ probe_fd(entry->probe), handle_probe, entry };
		r = loop_add(tracker->loop, &entry->probe_source, EPOLLIN);
	}
	if (r == 0) {
		entry->partition_written = false;
		return;
	}
	log_warning("%s: cannot look at its contents: %s", entry->disk.name, strerror(-r));
	entry->probe_source.fd = -1;
	prober_cancel(tracker, entry);
	set_state(entry, CONTENTS_UNKNOWN);
	tracker_changed(tracker, entry);
}

void prober_look(struct tracker *tracker, struct entry *entry)
{
	tracker->quiet_at = now_ms() + PROBE_QUIET_MS;
	if (!tracker->probing || entry->state != ENTRY_PRESENT) {
		set_state(entry, CONTENTS_UNKNOWN);
	} else if (entry->probe) {
		entry->probe_again = true;
	} else {
		set_state(entry, CONTENTS_PENDING);
	}
}

static bool is_waiting(const struct entry *entry)
{
	/* While the kernel reads the table, its partitions come and go. */
	return !entry->probe && !entry->reread && entry->contents.state == CONTENTS_PENDING &&
	       entry->state == ENTRY_PRESENT;
}

void prober_continue(struct tracker *tracker, bool urgent)
{
	size_t running = count_running(tracker);

	if (!urgent && now_ms() < tracker->quiet_at)
		return;
	for (size_t i = 0; i < tracker->inventory.n && running < PROBES_MAX; i++) {
		struct entry *entry = tracker->inventory.entries[i];

		if (!is_waiting(entry))
			continue;
		start_probe(tracker, entry);
		running += entry->probe != NULL;
	}
}

uint64_t prober_deadline(const struct tracker *tracker)
{
	uint64_t earliest = UINT64_MAX;
	size_t running = count_running(tracker);

	for (size_t i = 0; i < tracker->inventory.n; i++) {
		const struct entry *entry = tracker->inventory.entries[i];

		if (entry->probe && probe_deadline_ms(entry->probe) < earliest)
			earliest = probe_deadline_ms(entry->probe);
		else if (running < PROBES_MAX && is_waiting(entry) && tracker->quiet_at < earliest)
			earliest = tracker->quiet_at;
	}
	return earliest;
}

static void prober_give_up(struct tracker *tracker, struct entry *entry)
{
	log_warning("%s: looking at its contents took too long", entry->disk.name);
	prober_cancel(tracker, entry);
	set_state(entry, CONTENTS_UNKNOWN);
	tracker_changed(tracker, entry);
}

void prober_expire(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n; i++) {
		struct entry *entry = tracker->inventory.entries[i];

		if (entry->probe && probe_deadline_ms(entry->probe) <= now_ms())
			prober_give_up(tracker, entry);
	}
}
