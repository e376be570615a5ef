/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps inventory and links as sysfs says, one disk at a time. */
#include "tracker.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "checker.h"
#include "log.h"
#include "presence.h"
#include "prober.h"
#include "record.h"
#include "sysfs-write.h"
#include "writes.h"

static int add_mirrors(struct tracker *tracker, const struct tracker_options *options)
{
	for (size_t i = 0; i < options->n_mirrors; i++) {
		int r = links_add_mirror(&tracker->links, options->mirrors[i]);

		if (r < 0) {
			log_error("cannot mirror the links below %s: %s", options->mirrors[i],
				strerror(-r));
			return r;
		}
	}
	return 0;
}

static int open_links(struct tracker *tracker, const struct tracker_options *options)
{
	char mark[sizeof(tracker->run_directory) + sizeof(LINKS_BY_AGENT_MARK) + 1];
	const char *dev = options->dev_directory ? options->dev_directory : "/dev";
	bool owner;
	int r;

	snprintf(mark, sizeof(mark), "%s/" LINKS_BY_AGENT_MARK, tracker->run_directory);
	owner = access(mark, F_OK) == 0;
	r = links_open(options->dev_directory, owner, &tracker->links);
	if (r == 0) {
		r = add_mirrors(tracker, options);
		if (r < 0)
			return r;
		r = links_make_trees(&tracker->links);
	}
	if (r < 0)
		log_error("cannot keep links below %s: %s", dev,
			r == -EROFS
				? "it is part of the root file system; name another directory with "
				  "--dev"
				: strerror(-r));
	return r;
}

int tracker_open(struct tracker *tracker, struct loop *loop, const struct tracker_options *options)
{
	const char *run = options->run_directory ? options->run_directory : RUN_DIRECTORY;
	int r;

	*tracker = (struct tracker){ .loop = loop, .view = VIEW_NONE, .links.dev = -1 };
	tracker->mounts_source.fd = tracker->pid1_mounts_source.fd = -1;
	tracker->writes_source.fd = -1;
	tracker->checker.urgent.source.fd = tracker->checker.patient.source.fd = -1;
	tracker->probing = options->probing;
	tracker->callbacks = options->callbacks;
	if ((size_t)snprintf(tracker->run_directory, sizeof(tracker->run_directory), "%s", run) >=
		sizeof(tracker->run_directory))
		return -ENAMETOOLONG;
	r = open_links(tracker, options);
	if (r < 0)
		return r;
	r = make_directories(run);
	if (r < 0) {
		log_error("cannot make %s: %s", run, strerror(-r));
		return r;
	}
	r = view_open("", &tracker->view);
	if (r < 0) {
		log_error("cannot open /sys and /proc: %s", strerror(-r));
		return r;
	}
	r = writes_open(tracker);
	return r < 0 ? r : tracker_watch_mounts(tracker);
}

void tracker_close(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n; i++) {
		prober_forget(tracker, tracker->inventory.entries[i]);
		loop_remove(tracker->loop, &tracker->inventory.entries[i]->hold_source);
		writes_forget(tracker, tracker->inventory.entries[i]);
	}
	writes_close(tracker);
	checker_close(tracker);
	voids_done(&tracker->voids);
	released_done(&tracker->released);
	leftovers_done(&tracker->leftovers);
	closep(&tracker->mounts_source.fd);
	closep(&tracker->pid1_mounts_source.fd);
	inventory_done(&tracker->inventory);
	links_close(&tracker->links);
	view_close(&tracker->view);
}

/* ---- disks ---- */

static void forget(struct tracker *tracker, struct entry *entry)
{
	char serial[SERIAL_ENCODED_MAX + 1];

	strcpy(serial, entry->disk.serial);
	lost_note_removed(tracker, entry);
	leftovers_note(&tracker->leftovers, entry->devpath);
	prober_forget(tracker, entry);
	loop_remove(tracker->loop, &entry->hold_source);
	writes_forget(tracker, entry);
	tracker_drop_links(tracker, entry);
	tracker->callbacks.removed(tracker->callbacks.data, entry);
	inventory_remove(&tracker->inventory, entry);
	tracker_settle_serial(tracker, serial);
}

void tracker_remove(struct tracker *tracker, const char *devpath, uint64_t diskseq)
{
	struct entry *entry = inventory_find_devpath(&tracker->inventory, devpath + 1);

	if (entry && (diskseq == 0 || entry->disk.diskseq == diskseq))
		forget(tracker, entry);
}

void tracker_void(struct tracker *tracker, struct entry *entry)
{
	const struct disk *disk = &entry->disk;
	int r;

	log_warning("%s: the kernel has missed that another disk is in its place: dropping it",
		disk->name);
	voids_add(&tracker->voids, disk_place(disk), disk->devnum, disk->diskseq);
	r = scsi_replace_start(&tracker->view, disk, entry->devpath);
	if (r < 0)
		log_error("%s: cannot have the kernel drop it: %s", disk->name, strerror(-r));
	forget(tracker, entry);
}

static bool is_same_partitions(const struct partition *a, const struct partition *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].number != b[i].number || a[i].devnum != b[i].devnum ||
			a[i].start != b[i].start || a[i].size != b[i].size)
			return false;
	return true;
}

static int update_partitions(struct tracker *tracker, struct entry *entry, int dir)
{
	_cleanup_free_ struct partition *partitions = NULL;
	_cleanup_free_ struct contents *contents = NULL;
	size_t n;
	int r;

	r = disk_read_partitions_at(dir, entry->devpath, &partitions, &n);
	if (r < 0)
		return r;
	if (n == entry->n_partitions && is_same_partitions(partitions, entry->partitions, n))
		return 0;
	contents = calloc(n + 1, sizeof(*contents));
	if (!contents)
		return -ENOMEM;
	prober_cancel(tracker, entry);
	tracker_drop_partition_links(tracker, entry, partitions, n);
	free(entry->partitions);
	free(entry->partition_contents);
	entry->partitions = steal_pointer(partitions);
	entry->partition_contents = steal_pointer(contents);
	entry->n_partitions = n;
	return 0;
}

static bool is_offline(const struct tracker *tracker, const struct entry *entry)
{
	char path[PATH_MAX], state[32];

	return (size_t)snprintf(path, sizeof(path), "%s/device/state", entry->devpath) <
		       sizeof(path) &&
	       read_attr_at(tracker->view.sys, path, state, sizeof(state)) == 0 &&
	       !strcmp(state, "offline");
}

/* Somebody in this guest has deleted it and had its host scanned, and it runs. Does not block. */
static void keep_released(struct tracker *tracker, struct entry *entry)
{
	char path[PATH_MAX];
	int r = -ENAMETOOLONG;

	log_warning("%s: has come back while it is released: setting it offline", entry->disk.name);
	if ((size_t)snprintf(path, sizeof(path), "%s/device/state", entry->devpath) < sizeof(path))
		r = write_attr_at(tracker->view.sys, path, "offline\n");
	if (r < 0)
		log_error("%s: cannot set it offline: %s", entry->disk.name, strerror(-r));
	entry->state = ENTRY_RELEASED;
}

/* DIR is its directory of sysfs. */
static void add(struct tracker *tracker, const struct disk *disk, const char *devpath, int dir)
{
	struct entry *stale = inventory_find_place(&tracker->inventory, disk_place(disk));
	struct entry *entry;
	int r = -ENOMEM;

	if (stale)
		forget(tracker, stale);
	entry = inventory_add(&tracker->inventory, disk, devpath);
	if (entry) {
		entry->tracker = tracker;
		r = update_partitions(tracker, entry, dir);
	}
	if (r < 0) {
		/* Else it has gone meanwhile. */
		if (presence_is_unknown(r))
			tracker_doubt(tracker, disk->name, r);
		if (entry)
			inventory_remove(&tracker->inventory, entry);
		return;
	}
	entry->seen = true;
	entry->times = tracker->heard;
	voids_settle(&tracker->voids, disk_place(disk));
	checker_note_added(tracker, entry);
	lost_note_added(tracker, entry);
	if (released_note_new(&tracker->released, disk))
		keep_released(tracker, entry);
	/* An agent before this one has released it: none, if it has come just now. */
	else if (!(tracker->first && tracker->event_seqnum) && is_offline(tracker, entry))
		entry->state = ENTRY_RELEASED;
	tracker_update_links(tracker, entry);
	if (tracker->links.owner)
		times_note(&entry->times.link);
	prober_look_at_new(tracker, entry);
	tracker->identified = entry;
	tracker->callbacks.added(tracker->callbacks.data, entry);
	tracker->identified = NULL;
	/* The host does not wait for this; and what is on the disk is looked at later still. */
	entry = inventory_find_place(&tracker->inventory, disk_place(disk));
	if (entry && entry->disk.diskseq == disk->diskseq)
		writes_watch(tracker, entry);
}

static void update(struct tracker *tracker, struct entry *entry, const struct disk *disk, int dir)
{
	char before[SERIAL_ENCODED_MAX + 1];
	bool cut = disk->size < entry->disk.size, read_only = entry->disk.read_only;
	int r;

	strcpy(before, entry->disk.serial);
	entry->seen = true;
	if (strcmp(before, disk->serial))
		tracker_drop_serial_links(tracker, entry);
	inventory_set_disk(&tracker->inventory, entry, disk);
	/* For a moment of this its release has it read-only; see hold-guard.h. */
	if (entry->state == ENTRY_TAKING || entry->state == ENTRY_RESTORING)
		entry->disk.read_only = read_only;
	if (strcmp(before, disk->serial)) {
		entry->conflict = false;
		tracker_settle_serial(tracker, before);
	}
	r = update_partitions(tracker, entry, dir);
	/* A disk that goes has no directory any more; its own event tells. */
	if (presence_is_unknown(r))
		tracker_doubt(tracker, disk->name, r);
	if (cut)
		writes_cut(tracker, entry);
	tracker_update_links(tracker, entry);
	writes_watch(tracker, entry);
	prober_look(tracker, entry);
	tracker->callbacks.changed(tracker->callbacks.data, entry);
}

void tracker_changed(struct tracker *tracker, struct entry *entry)
{
	tracker->callbacks.changed(tracker->callbacks.data, entry);
}

/* Not seen is what is not there. */
static void leave(struct tracker *tracker, struct entry *entry, const char *path, int r)
{
	tracker_doubt(tracker, path, r);
	if (entry)
		entry->seen = true;
}

void tracker_refresh(struct tracker *tracker, const char *devpath)
{
	struct identity_error error = {};
	_cleanup_close_ int dir = -1;
	struct entry *entry;
	char path[PATH_MAX];
	struct disk disk;
	int r;

	if (strlen(devpath + 1) >= sizeof(path))
		return;
	strcpy(path, devpath + 1);
	if (!*tracker->identity.controller)
		tracker_read_identity(tracker);
	entry = inventory_find_devpath(&tracker->inventory, path);
	dir = disk_open_directory(&tracker->view, path);
	r = disk_identify_at(dir, &tracker->identity, path, &disk, &error);
	/* A disk that goes loses its attributes one by one; its own event tells when it is gone. */
	if (r == -ENODEV || (r == -ENOENT && entry))
		return;
	if (presence_is_unknown(r)) {
		leave(tracker, entry, path, r);
		return;
	}
	if (r < 0)
		log_error("%s: %s: %s; ignored", path, error.attribute, error.reason);
	if (r < 0 || !disk_is_ours(&disk)) {
		if (entry)
			forget(tracker, entry);
		return;
	}
	if (voids_has(&tracker->voids, disk.diskseq))
		return;
	/* It may be one of the system's. */
	if (!entry && tracker->identity.system.error < 0)
		return;
	/* Another disk under the same name: the removal of the first one was not heard of yet. */
	if (entry && entry->disk.diskseq != disk.diskseq) {
		forget(tracker, entry);
		entry = NULL;
	}
	if (entry)
		update(tracker, entry, &disk, dir);
	else
		add(tracker, &disk, path, dir);
}

static void refresh(void *data, const char *devpath)
{
	tracker_refresh(data, devpath);
}

/* First of all, as a new disk may have got the name, the number and the serial of one that is gone.
 */
static void forget_gone(struct tracker *tracker)
{
	for (size_t i = tracker->inventory.n; i-- > 0;)
		if (tracker_is_gone(tracker, tracker->inventory.entries[i]))
			forget(tracker, tracker->inventory.entries[i]);
}

static void forget_unseen(struct tracker *tracker)
{
	for (size_t i = tracker->inventory.n; i-- > 0;) {
		/* A removal settles conflicts, and may not remove another entry. */
		if (!tracker->inventory.entries[i]->seen)
			forget(tracker, tracker->inventory.entries[i]);
	}
}

void tracker_rescan(struct tracker *tracker)
{
	int r;

	tracker_begin_look(tracker);
	tracker_read_identity(tracker);
	voids_prune(&tracker->voids, tracker->view.sys);
	forget_gone(tracker);
	for (size_t i = 0; i < tracker->inventory.n; i++)
		tracker->inventory.entries[i]->seen = false;
	r = tracker_for_each_disk(tracker, refresh, tracker);
	if (r < 0)
		tracker_doubt(tracker, "/sys/class/block", r);
	else
		forget_unseen(tracker);
	tracker_end_look(tracker);
}
