/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's whole record as JSON, as agent/PROTOCOL.md has it. */
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "record.h"
#include "util.h"
#include "wire.h"

static const char *state_name(const struct entry *entry)
{
	return entry_is_usable(entry) ? "present" : "released";
}

static int add_text(json_t *object, const char *key, const char *text)
{
	return *text ? json_object_set_new(object, key, json_string(text)) : 0;
}

static json_t *report_contents(const struct contents *contents)
{
	static const char *const states[] = {
		[CONTENTS_PENDING] = "pending",
		[CONTENTS_KNOWN] = "known",
		[CONTENTS_UNKNOWN] = "unknown",
	};
	json_t *object = json_pack("{s:s}", "state", states[contents->state]);

	if (!object || add_text(object, "type", contents->type) < 0 ||
		add_text(object, "label", contents->label) < 0 ||
		add_text(object, "uuid", contents->uuid) < 0 ||
		add_text(object, "table", contents->table) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* What is looked at for one record. */
struct look {
	const struct tracker *tracker;
	const struct entry *entry;
	bool current;  /* the kernel has this very disk */
	bool complete; /* no link was missing so far */
};

static int add_link(
	struct look *look, json_t *links, enum link_tree tree, const struct partition *partition)
{
	const struct disk *disk = &look->entry->disk;
	const struct links *there = &look->tracker->links;
	char name[LINK_PATH_SIZE], path[PATH_MAX];

	if (!link_name(tree, disk, partition, name))
		return 0;
	if (!links_check(there, name, partition ? partition->devnum : disk->devnum)) {
		look->complete = false;
		return 0;
	}
	if (path_join(path, sizeof(path), there->directory, name) < 0)
		return -1;
	return json_array_append_new(links, json_string(path));
}

static json_t *report_links(struct look *look, const struct partition *partition)
{
	json_t *links = json_array();
	int r = links ? 0 : -1;

	if (!look->current || !entry_is_usable(look->entry)) {
		look->complete = false;
		return links;
	}
	if (r == 0)
		r = add_link(look, links, LINK_BY_SLOT, partition);
	if (r == 0 && !look->entry->conflict)
		r = add_link(look, links, LINK_BY_SERIAL, partition);
	if (r < 0) {
		json_decref(links);
		return NULL;
	}
	return links;
}

static json_t *report_partition(struct look *look, size_t i)
{
	const struct entry *entry = look->entry;
	const struct partition *partition = &entry->partitions[i];
	char devnum[DEVNUM_TEXT_SIZE];

	devnum_format(partition->devnum, devnum);
	return json_pack("{s:i, s:s, s:s, s:I, s:I, s:o, s:o}", "number", (int)partition->number,
		"name", partition->name, "devnum", devnum, "start", (json_int_t)partition->start,
		"size", (json_int_t)partition->size, "links", report_links(look, partition),
		"contents", report_contents(&entry->partition_contents[i]));
}

static size_t encoded_size(const json_t *value)
{
	return json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

static int add_partitions(struct look *look, json_t *record)
{
	const struct entry *entry = look->entry;
	json_t *partitions = json_array();
	size_t size, i;

	if (json_object_set_new(record, "partitions", partitions) < 0)
		return -ENOMEM;
	if (entry->n_partitions == 0)
		return 0;
	size = encoded_size(record) + REPORT_ENVELOPE_MAX;
	for (i = 0; i < entry->n_partitions; i++) {
		json_t *partition = report_partition(look, i);

		if (!partition)
			return -ENOMEM;
		size += encoded_size(partition) + 1;
		if (size > HOTSLOT_FRAME_MAX) {
			json_decref(partition);
			break;
		}
		if (json_array_append_new(partitions, partition) < 0)
			return -ENOMEM;
	}
	if (i == entry->n_partitions)
		return 0;
	look->complete = look->complete && report_is_linked(look->tracker, entry);
	return json_object_set_new(
		record, "partitions-omitted", json_integer((json_int_t)(entry->n_partitions - i)));
}

json_t *report_disk_looking(
	const struct tracker *tracker, const struct entry *entry, bool *ret_complete)
{
	struct look look = {
		.tracker = tracker,
		.entry = entry,
		.current = tracker_is_current(tracker, entry),
		.complete = true,
	};
	json_t *record = disk_to_json(&entry->disk);

	if (!record || json_object_set_new(record, "conflict", json_boolean(entry->conflict)) < 0 ||
		json_object_set_new(record, "state", json_string(state_name(entry))) < 0 ||
		json_object_set_new(record, "links", report_links(&look, NULL)) < 0 ||
		json_object_set_new(record, "contents", report_contents(&entry->contents)) < 0 ||
		add_partitions(&look, record) < 0) {
		json_decref(record);
		return NULL;
	}
	*ret_complete = look.complete;
	return record;
}

json_t *report_disk(const struct tracker *tracker, const struct entry *entry)
{
	bool complete;

	return report_disk_looking(tracker, entry, &complete);
}

json_t *report_removed(const struct entry *entry)
{
	const struct disk *disk = &entry->disk;
	json_t *slot = disk->status == DISK_SLOTTED ? json_integer(disk->slot) : json_null();
	json_t *serial = *disk->serial ? json_string(disk->serial) : json_null();

	return json_pack("{s:o, s:I, s:s, s:o, s:I}", "slot", slot, "place",
		(json_int_t)disk_place(disk), "name", disk->name, "serial", serial, "diskseq",
		(json_int_t)disk->diskseq);
}

/* Whether the disk, or a partition of it, has the link that it should have in a tree. */
static bool is_linked(const struct tracker *tracker, const struct entry *entry, enum link_tree tree,
	const struct partition *partition)
{
	dev_t devnum = partition ? partition->devnum : entry->disk.devnum;
	char name[LINK_PATH_SIZE];

	return (tree == LINK_BY_SERIAL && entry->conflict) ||
	       !link_name(tree, &entry->disk, partition, name) ||
	       links_check(&tracker->links, name, devnum);
}

/* udevd makes the links of partitions after those of their disk. */
bool report_is_linked(const struct tracker *tracker, const struct entry *entry)
{
	if (!entry_is_usable(entry) || !is_linked(tracker, entry, LINK_BY_SLOT, NULL) ||
		!is_linked(tracker, entry, LINK_BY_SERIAL, NULL))
		return false;
	for (size_t i = 0; i < entry->n_partitions; i++)
		if (!is_linked(tracker, entry, LINK_BY_SLOT, &entry->partitions[i]) ||
			!is_linked(tracker, entry, LINK_BY_SERIAL, &entry->partitions[i]))
			return false;
	return true;
}

/* FNV-1a. */
static int hash_bytes(const char *buffer, size_t size, void *data)
{
	uint64_t *hash = data;

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ (unsigned char)buffer[i]) * UINT64_C(0x100000001b3);
	return 0;
}

uint64_t report_hash(const json_t *record)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	json_dump_callback(record, hash_bytes, &hash, JSON_COMPACT);
	return hash ? hash : 1;
}
