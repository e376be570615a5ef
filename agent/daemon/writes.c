/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hears of it when somebody in the guest has written to a disk by way of one of the agent's nodes.
 */
#include "writes.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "log.h"
#include "prober.h"
#include "reread.h"

/* Room for some dozens of events, which have no names here. */
#define EVENTS_SIZE 1024

/* ---- the table ---- */

static void drop_reread(struct tracker *tracker, struct entry *entry)
{
	loop_remove(tracker->loop, &entry->reread_source);
	child_free(entry->reread);
	entry->reread = NULL;
}

static size_t count_rereads(const struct tracker *tracker)
{
	size_t n = 0;

	for (size_t i = 0; i < tracker->inventory.n; i++)
		n += tracker->inventory.entries[i]->reread != NULL;
	return n;
}

static int start_reread(struct tracker *tracker, struct entry *entry);

static void start_rereads(struct tracker *tracker)
{
	size_t running = count_rereads(tracker);

	for (size_t i = 0; i < tracker->inventory.n && running < REREADS_MAX; i++) {
		struct entry *entry = tracker->inventory.entries[i];
		int r;

		if (!entry->table_changed || entry->reread)
			continue;
		entry->table_changed = false;
		r = start_reread(tracker, entry);
		if (r < 0)
			log_warning("%s: cannot have its partition table read: %s",
				entry->disk.name, strerror(-r));
		running += r == 0;
	}
}

static void handle_reread(void *data, uint32_t events)
{
	struct entry *entry = data;
	struct tracker *tracker = entry->tracker;
	int status = child_status(entry->reread);

	(void)events;
	if (status == -EAGAIN)
		return;
	/* In use, for one: then the kernel keeps what it has. */
	if (status != 0)
		log_warning("%s: its partition table could not be read: %s", entry->disk.name,
			status < 0 ? "it took too long" : strerror(status));
	drop_reread(tracker, entry);
	start_rereads(tracker);
	/* What was left for after that. */
	if (entry->written || entry->partition_written)
		prober_look(tracker, entry);
}

static int start_reread(struct tracker *tracker, struct entry *entry)
{
	int r = reread_start(tracker->links.directory, &entry->disk, &entry->reread);

	if (r < 0)
		return r;
	entry->reread_source = (struct source){ child_fd(entry->reread), handle_reread, entry };
	r = loop_add(tracker->loop, &entry->reread_source, EPOLLIN);
	if (r < 0)
		drop_reread(tracker, entry);
	return r;
}

void writes_cut(struct tracker *tracker, struct entry *entry)
{
	bool beyond = false;

	for (size_t i = 0; i < entry->n_partitions; i++)
		beyond |= entry->partitions[i].start + entry->partitions[i].size > entry->disk.size;
	entry->table_changed |= beyond;
	start_rereads(tracker);
}

void writes_settle(struct tracker *tracker, struct entry *entry, bool has_changed)
{
	if (entry->reread) /* once more after that */
		return;
	entry->table_changed |= entry->written && has_changed;
	entry->written = false;
	start_rereads(tracker);
}

void writes_cancel(struct tracker *tracker, struct entry *entry)
{
	entry->written |= entry->reread || entry->table_changed;
	entry->table_changed = false;
	drop_reread(tracker, entry);
}

/* ---- events ---- */

static void note_written(struct tracker *tracker, struct entry *entry, bool whole, bool partition)
{
	entry->written |= whole;
	entry->partition_written |= partition;
	prober_look(tracker, entry);
}

static void handle_write(struct tracker *tracker, int watch)
{
	for (size_t i = 0; i < tracker->inventory.n; i++) {
		struct entry *entry = tracker->inventory.entries[i];

		for (size_t k = 0; k < entry->n_watches; k++) {
			bool whole = k % (entry->n_partitions + 1) == 0;

			if (entry->watches[k] != watch)
				continue;
			note_written(tracker, entry, whole, !whole);
			return;
		}
	}
}

static void handle_overflow(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n; i++)
		if (tracker->inventory.entries[i]->n_watches > 0)
			note_written(tracker, tracker->inventory.entries[i], true, true);
}

static void handle_event(struct tracker *tracker, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		handle_overflow(tracker);
	else if (event->mask & IN_CLOSE_WRITE)
		handle_write(tracker, event->wd);
}

static void handle_events(void *data, uint32_t events)
{
	struct tracker *tracker = data;
	_Alignas(struct inotify_event) char buffer[EVENTS_SIZE];
	ssize_t n;

	(void)events;
	n = read(tracker->writes_source.fd, buffer, sizeof(buffer));
	for (char *p = buffer; p < buffer + n;) {
		const struct inotify_event *event = (const void *)p;

		handle_event(tracker, event);
		p += sizeof(*event) + event->len;
	}
}

/* ---- watches ---- */

int writes_open(struct tracker *tracker)
{
	int r = 0;

	tracker->writes_source =
		(struct source){ inotify_init1(IN_CLOEXEC | IN_NONBLOCK), handle_events, tracker };
	if (tracker->writes_source.fd < 0)
		r = -errno;
	else
		r = loop_add(tracker->loop, &tracker->writes_source, EPOLLIN);
	if (r < 0)
		log_error("cannot watch what is written to disks: %s", strerror(-r));
	return r;
}

void writes_close(struct tracker *tracker)
{
	closep(&tracker->writes_source.fd);
	tracker->writes_source.fd = -1;
}

/* Returns the watch, the one that there is if the node is watched already, or -1. What is in a
 * mirror may be somebody else's doing. */
static int watch_node(struct tracker *tracker, const char *directory, const char *name)
{
	char path[PATH_MAX];
	int watch;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return -1;
	watch = inotify_add_watch(tracker->writes_source.fd, path, IN_CLOSE_WRITE | IN_DONT_FOLLOW);
	if (watch < 0 && errno != ENOENT && errno != ENOTDIR)
		log_warning("%s: cannot watch what is written to it: %s", name, strerror(errno));
	return watch;
}

static bool has_watch(const int *watches, size_t n, int watch)
{
	for (size_t i = 0; i < n; i++)
		if (watches[i] == watch)
			return true;
	return false;
}

/* Makes the N of NOW the watches of ENTRY. Those of nodes that are gone went with them. */
static void replace_watches(struct tracker *tracker, struct entry *entry, int *now, size_t n)
{
	for (size_t i = 0; i < entry->n_watches; i++)
		if (entry->watches[i] >= 0 && !has_watch(now, n, entry->watches[i]))
			inotify_rm_watch(tracker->writes_source.fd, entry->watches[i]);
	free(entry->watches);
	entry->watches = now;
	entry->n_watches = n;
}

static void watch_directory(
	struct tracker *tracker, const struct entry *entry, const char *directory, int *ret)
{
	ret[0] = watch_node(tracker, directory, entry->disk.name);
	for (size_t i = 0; i < entry->n_partitions; i++)
		ret[i + 1] = watch_node(tracker, directory, entry->partitions[i].name);
}

/* The watches of a directory are the disk's and then its partitions'; /dev comes before the
 * mirrors. */
void writes_watch(struct tracker *tracker, struct entry *entry)
{
	const struct links *links = &tracker->links;
	size_t each = entry->n_partitions + 1, n = each * (1 + links->n_mirrors);
	bool wanted = tracker->probing && entry_is_usable(entry);
	int *now = wanted ? malloc(n * sizeof(*now)) : NULL;

	if (!now) {
		replace_watches(tracker, entry, NULL, 0);
		return;
	}
	for (size_t i = 0; i < n; i++)
		now[i] = -1;
	if (links->owner)
		watch_directory(tracker, entry, links->directory, now);
	for (size_t i = 0; i < links->n_mirrors; i++)
		watch_directory(
			tracker, entry, mirror_path(links->mirrors[i]), now + (i + 1) * each);
	replace_watches(tracker, entry, now, n);
}

void writes_forget(struct tracker *tracker, struct entry *entry)
{
	drop_reread(tracker, entry);
	replace_watches(tracker, entry, NULL, 0);
}
