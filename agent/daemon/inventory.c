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

size_t inventory_search(const struct inventory *inventory, uint32_t place)
{
	size_t low = 0, high = inventory->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (disk_place(&inventory->entries[middle]->disk) < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int reserve_one(struct inventory *inventory)
{
	size_t allocated = inventory->allocated ? 2 * inventory->allocated : 16;
	struct entry **grown;

	if (inventory->n < inventory->allocated)
		return 0;
	grown = realloc(inventory->entries, allocated * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	inventory->entries = grown;
	inventory->allocated = allocated;
	return 0;
}

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
	memmove(&inventory->entries[i + 1], &inventory->entries[i],
		(inventory->n - i) * sizeof(*inventory->entries));
	inventory->entries[i] = entry;
	inventory->n++;
	return entry;
}

void inventory_remove(struct inventory *inventory, struct entry *entry)
{
	size_t i = 0;

	while (inventory->entries[i] != entry)
		i++;
	inventory->n--;
	memmove(&inventory->entries[i], &inventory->entries[i + 1],
		(inventory->n - i) * sizeof(*inventory->entries));
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
	for (size_t i = 0; i < inventory->n; i++)
		if (!strcmp(inventory->entries[i]->devpath, devpath))
			return inventory->entries[i];
	return NULL;
}

size_t inventory_count_serial(const struct inventory *inventory, const char *serial)
{
	size_t n = 0;

	for (size_t i = 0; i < inventory->n; i++)
		n += !strcmp(inventory->entries[i]->disk.serial, serial);
	return n;
}

void inventory_done(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		entry_free(inventory->entries[i]);
	free(inventory->entries);
	*inventory = (struct inventory){};
}
