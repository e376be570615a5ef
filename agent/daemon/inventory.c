/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that there are, in the order of their places. */
#include "inventory.h"

#include <string.h>

#include "record.h"
#include "util.h"

static void entry_free(struct entry *entry)
{
	if (!entry)
		return;
	probe_free(entry->probe);
	child_free(entry->probe_left);
	hold_free(entry->hold);
	child_free(entry->reread);
	free(entry->watches);
	free(entry->devpath);
	free(entry->partitions);
	free(entry->partition_contents);
	free(entry);
}

static struct entry *entry_new(const struct disk *disk, const char *devpath)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->disk = *disk;
	entry->probe_source.fd = entry->left_source.fd = -1;
	entry->hold_source.fd = -1;
	entry->reread_source.fd = -1;
	entry->devpath = strdup(devpath);
	if (!entry->devpath) {
		entry_free(entry);
		return NULL;
	}
	return entry;
}

/* ---- sorted lists ---- */

static size_t search(struct entry *const *entries, size_t n, uint32_t place)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (disk_place(&entries[middle]->disk) < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t inventory_search(const struct inventory *inventory, uint32_t place)
{
	return search(inventory->entries, inventory->n, place);
}

static int grow(void *list, size_t allocated, size_t size)
{
	void **old = list, *grown = realloc(*old, allocated * size);

	if (!grown)
		return -ENOMEM;
	*old = grown;
	return 0;
}

/* A busy one never lacks memory. */
static int reserve_one(struct inventory *inventory)
{
	size_t allocated = inventory->allocated ? 2 * inventory->allocated : 16;

	if (inventory->n < inventory->allocated)
		return 0;
	if (grow(&inventory->entries, allocated, sizeof(*inventory->entries)) < 0 ||
		grow(&inventory->keys, allocated, sizeof(*inventory->keys)) < 0 ||
		grow(&inventory->busy, allocated, sizeof(*inventory->busy)) < 0)
		return -ENOMEM;
	inventory->allocated = allocated;
	return 0;
}

static void insert(struct entry **entries, size_t n, size_t i, struct entry *entry)
{
	memmove(&entries[i + 1], &entries[i], (n - i) * sizeof(*entries));
	entries[i] = entry;
}

static void take_out(struct entry **entries, size_t n, size_t i)
{
	memmove(&entries[i], &entries[i + 1], (n - i - 1) * sizeof(*entries));
}

/* FNV-1a. */
static uint32_t hash(const char *text)
{
	uint32_t value = 0x811c9dc5;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 0x01000193;
	return value;
}

/* ---- entries ---- */

struct entry *inventory_add(
	struct inventory *inventory, const struct disk *disk, const char *devpath)
{
	struct entry *entry;
	size_t i;

	if (reserve_one(inventory) < 0)
		return NULL;
	entry = entry_new(disk, devpath);
	if (!entry)
		return NULL;
	i = inventory_search(inventory, disk_place(disk));
	insert(inventory->entries, inventory->n, i, entry);
	memmove(&inventory->keys[i + 1], &inventory->keys[i],
		(inventory->n - i) * sizeof(*inventory->keys));
	inventory->keys[i] = (struct entry_key){ hash(devpath), hash(disk->serial) };
	inventory->n++;
	entry->inventory = inventory;
	return entry;
}

void inventory_remove(struct inventory *inventory, struct entry *entry)
{
	uint32_t place = disk_place(&entry->disk);
	size_t i = inventory_search(inventory, place);

	if (entry->busy) {
		take_out(inventory->busy, inventory->n_busy,
			search(inventory->busy, inventory->n_busy, place));
		inventory->n_busy--;
	}
	take_out(inventory->entries, inventory->n, i);
	inventory->n--;
	memmove(&inventory->keys[i], &inventory->keys[i + 1],
		(inventory->n - i) * sizeof(*inventory->keys));
	entry_free(entry);
}

struct entry *inventory_find_place(const struct inventory *inventory, uint32_t place)
{
	size_t i = inventory_search(inventory, place);

	if (i == inventory->n || disk_place(&inventory->entries[i]->disk) != place)
		return NULL;
	return inventory->entries[i];
}

struct entry *inventory_find_devpath(const struct inventory *inventory, const char *devpath)
{
	uint32_t key = hash(devpath);

	for (size_t i = 0; i < inventory->n; i++)
		if (inventory->keys[i].devpath == key &&
			!strcmp(inventory->entries[i]->devpath, devpath))
			return inventory->entries[i];
	return NULL;
}

void inventory_set_disk(struct inventory *inventory, struct entry *entry, const struct disk *disk)
{
	entry->disk = *disk;
	inventory->keys[inventory_search(inventory, disk_place(disk))].serial = hash(disk->serial);
}

size_t inventory_next_serial(const struct inventory *inventory, const char *serial, size_t from)
{
	uint32_t key = hash(serial);

	for (; from < inventory->n; from++)
		if (inventory->keys[from].serial == key &&
			!strcmp(inventory->entries[from]->disk.serial, serial))
			break;
	return from;
}

size_t inventory_count_serial(const struct inventory *inventory, const char *serial)
{
	size_t i = inventory_next_serial(inventory, serial, 0), n = 0;

	for (; i < inventory->n; i = inventory_next_serial(inventory, serial, i + 1))
		n++;
	return n;
}

/* ---- the busy ones ---- */

void inventory_note_busy(struct entry *entry)
{
	struct inventory *inventory = entry->inventory;

	if (entry->busy)
		return;
	entry->busy = true;
	insert(inventory->busy, inventory->n_busy,
		search(inventory->busy, inventory->n_busy, disk_place(&entry->disk)), entry);
	inventory->n_busy++;
}

void inventory_forget_idle(struct inventory *inventory)
{
	size_t kept = 0;

	for (size_t i = 0; i < inventory->n_busy; i++) {
		struct entry *entry = inventory->busy[i];

		entry->busy = entry_is_busy(entry);
		if (entry->busy)
			inventory->busy[kept++] = entry;
	}
	inventory->n_busy = kept;
}

void inventory_done(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		entry_free(inventory->entries[i]);
	free(inventory->entries);
	free(inventory->keys);
	free(inventory->busy);
	*inventory = (struct inventory){};
}
