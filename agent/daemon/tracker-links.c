/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disk has which links: by slot always, by serial if nobody else has it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "tracker.h"
#include "writes.h"

static void make_link(struct tracker *tracker, const struct entry *entry, enum link_tree tree,
	const struct partition *partition)
{
	const char *node = partition ? partition->name : entry->disk.name;
	char name[LINK_PATH_SIZE];
	int r;

	if (!link_name(tree, &entry->disk, partition, name))
		return;
	r = links_make(
		&tracker->links, name, node, partition ? partition->devnum : entry->disk.devnum);
	if (r < 0)
		log_error("%s: cannot link %s/%s: %s", node, tracker->links.directory, name,
			strerror(-r));
}

static void remove_link(struct tracker *tracker, const struct entry *entry, enum link_tree tree,
	const struct partition *partition)
{
	char name[LINK_PATH_SIZE];

	if (link_name(tree, &entry->disk, partition, name))
		links_remove(&tracker->links, name, partition ? partition->name : entry->disk.name);
}

static void update_tree(
	struct tracker *tracker, const struct entry *entry, enum link_tree tree, bool wanted)
{
	void (*update)(struct tracker *, const struct entry *, enum link_tree,
		const struct partition *) = wanted ? make_link : remove_link;

	update(tracker, entry, tree, NULL);
	for (size_t i = 0; i < entry->n_partitions; i++)
		update(tracker, entry, tree, &entry->partitions[i]);
}

static void update_own_links(struct tracker *tracker, const struct entry *entry)
{
	bool wanted = entry_is_usable(entry);

	update_tree(tracker, entry, LINK_BY_SLOT, wanted);
	update_tree(tracker, entry, LINK_BY_SERIAL, wanted && !entry->conflict);
}

/* Where udevd makes the links, it learns of a conflict by a mark and a change event. */
static void mark_conflict(struct tracker *tracker, const struct entry *entry)
{
	char path[sizeof(tracker->run_directory) + LINK_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/" CONFLICTS_DIRECTORY, tracker->run_directory);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/" CONFLICTS_DIRECTORY "/%s", tracker->run_directory,
		entry->disk.serial);
	if (entry->conflict) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		closep(&fd);
	} else {
		unlink(path);
	}
	tracker_trigger(tracker, entry->devpath);
}

/* Settles who of the disks with SERIAL has the name: the only one, or none. */
void tracker_settle_serial(struct tracker *tracker, const char *serial)
{
	const struct inventory *inventory = &tracker->inventory;
	size_t first = inventory_next_serial(inventory, serial, 0);
	bool conflict, changed = false;

	if (!*serial)
		return;
	conflict = inventory_count_serial(inventory, serial) > 1;
	for (size_t i = first; i < inventory->n;
		i = inventory_next_serial(inventory, serial, i + 1)) {
		struct entry *entry = inventory->entries[i];

		if (entry->conflict == conflict)
			continue;
		entry->conflict = conflict;
		if (conflict)
			log_warning("%s: serial %s is not unique: no by-serial link",
				entry->disk.name, serial);
		if (!tracker->links.owner)
			mark_conflict(tracker, entry);
		update_own_links(tracker, entry);
		changed = true;
	}
	/* Now that it is settled of all: a callback may have any of them reported. */
	for (size_t i = first; changed && i < inventory->n;
		i = inventory_next_serial(inventory, serial, i + 1))
		if (inventory->entries[i]->announced)
			tracker->callbacks.changed(tracker->callbacks.data, inventory->entries[i]);
}

void tracker_update_links(struct tracker *tracker, struct entry *entry)
{
	tracker_settle_serial(tracker, entry->disk.serial);
	tracker_look_at_mirrors(tracker, false);
	update_own_links(tracker, entry);
}

/* ---- what is left behind ---- */

static bool is_link(const struct entry *entry, enum link_tree tree,
	const struct partition *partition, const char *name, const char *node)
{
	char own[LINK_PATH_SIZE];

	return link_name(tree, &entry->disk, partition, own) && !strcmp(own, name) &&
	       !strcmp(partition ? partition->name : entry->disk.name, node);
}

static bool belongs_to_entry(
	const struct entry *entry, enum link_tree tree, const char *name, const char *node)
{
	if (tree == LINK_BY_SERIAL && entry->conflict)
		return false;
	if (is_link(entry, tree, NULL, name, node))
		return true;
	for (size_t i = 0; i < entry->n_partitions; i++)
		if (is_link(entry, tree, &entry->partitions[i], name, node))
			return true;
	return false;
}

static bool belongs_to_any(void *data, const char *name, const char *node)
{
	struct tracker *tracker = data;

	for (size_t i = 0; node && i < tracker->inventory.n; i++) {
		const struct entry *entry = tracker->inventory.entries[i];

		if (entry_is_usable(entry) &&
			(belongs_to_entry(entry, LINK_BY_SLOT, name, node) ||
				belongs_to_entry(entry, LINK_BY_SERIAL, name, node)))
			return true;
	}
	return false;
}

static bool has_node(const struct entry *entry, const char *node)
{
	if (!strcmp(entry->disk.name, node))
		return true;
	for (size_t i = 0; i < entry->n_partitions; i++)
		if (!strcmp(entry->partitions[i].name, node))
			return true;
	return false;
}

static bool is_node_of_any(void *data, const char *node)
{
	const struct tracker *tracker = data;

	for (size_t i = 0; i < tracker->inventory.n; i++)
		if (has_node(tracker->inventory.entries[i], node))
			return true;
	return false;
}

/* A disk that is yet to be forgotten may share its nodes with the one that got its name. */
static void remove_node(
	struct tracker *tracker, const struct entry *entry, const char *node, dev_t devnum)
{
	/* The nodes in /dev are the kernel's. */
	if (tracker->links.n_mirrors == 0)
		return;
	for (size_t i = 0; i < tracker->inventory.n; i++)
		if (tracker->inventory.entries[i] != entry &&
			has_node(tracker->inventory.entries[i], node))
			return;
	links_remove_node(&tracker->links, node, devnum);
}

/* Marks of an agent before this one, of serials that are unique again. */
static void prune_conflicts(struct tracker *tracker)
{
	const struct inventory *inventory = &tracker->inventory;
	_cleanup_closedir_ DIR *dir = NULL;
	char path[sizeof(tracker->run_directory) + sizeof(CONFLICTS_DIRECTORY) + 1];
	struct dirent *mark;
	size_t i;

	snprintf(path, sizeof(path), "%s/" CONFLICTS_DIRECTORY, tracker->run_directory);
	dir = open_directory_at(AT_FDCWD, path);
	while (dir && (mark = readdir(dir))) {
		if (inventory_count_serial(inventory, mark->d_name) > 1 ||
			unlinkat(dirfd(dir), mark->d_name, 0) < 0)
			continue;
		i = inventory_next_serial(inventory, mark->d_name, 0);
		if (i < inventory->n)
			tracker_trigger(tracker, inventory->entries[i]->devpath);
	}
}

static void prune_links(struct tracker *tracker)
{
	const struct link_pruning pruning = { belongs_to_any, is_node_of_any, tracker };

	links_prune(&tracker->links, &pruning);
}

void tracker_prune_links(struct tracker *tracker)
{
	prune_links(tracker);
	if (!tracker->links.owner)
		prune_conflicts(tracker);
}

void tracker_drop_serial_links(struct tracker *tracker, const struct entry *entry)
{
	update_tree(tracker, entry, LINK_BY_SERIAL, false);
}

void tracker_drop_links(struct tracker *tracker, const struct entry *entry)
{
	/* If it is another directory for the moment, the links in the first go when that is back.
	 */
	tracker_look_at_mirrors(tracker, false);
	tracker_drop_serial_links(tracker, entry);
	update_tree(tracker, entry, LINK_BY_SLOT, false);
	for (size_t i = 0; i < entry->n_partitions; i++)
		remove_node(tracker, entry, entry->partitions[i].name, entry->partitions[i].devnum);
	remove_node(tracker, entry, entry->disk.name, entry->disk.devnum);
}

void tracker_drop_partition_links(
	struct tracker *tracker, const struct entry *entry, const struct partition *now, size_t n)
{
	for (size_t i = 0; i < entry->n_partitions; i++) {
		const struct partition *old = &entry->partitions[i];
		size_t k = 0;

		while (k < n && now[k].number != old->number)
			k++;
		if (k < n)
			continue;
		remove_link(tracker, entry, LINK_BY_SLOT, old);
		remove_link(tracker, entry, LINK_BY_SERIAL, old);
		remove_node(tracker, entry, old->name, old->devnum);
	}
}

/* ---- mirrors ---- */

static void update_all_links(struct tracker *tracker)
{
	for (size_t i = 0; i < tracker->inventory.n; i++)
		update_own_links(tracker, tracker->inventory.entries[i]);
}

void tracker_look_at_mirrors(struct tracker *tracker, bool again)
{
	if (!links_look_at_mirrors(&tracker->links, again))
		return;
	update_all_links(tracker);
	prune_links(tracker);
	for (size_t i = 0; i < tracker->inventory.n; i++)
		writes_watch(tracker, tracker->inventory.entries[i]);
	/* What is said of a disk depends on its mirrors. */
	for (size_t i = 0; i < tracker->inventory.n; i++)
		if (tracker->inventory.entries[i]->announced)
			tracker_changed(tracker, tracker->inventory.entries[i]);
}

void tracker_refresh_node(struct tracker *tracker, const char *node, dev_t devnum)
{
	if (tracker->links.n_mirrors == 0)
		return;
	if (!node)
		update_all_links(tracker);
	else if (is_node_of_any(tracker, node))
		links_refresh_node(&tracker->links, node, devnum);
}
