/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk's record, and what the guest says in it. */
#include "record.h"

#include <string.h>

#include "encode.h"
#include "json.h"
#include "places.h"
#include "wire.h"

/* Kernel names and MAJOR:MINOR are much shorter; paths of links and labels are not unbounded. */
#define NAME_TEXT_MAX 64
#define LINK_MAX 512
#define LABEL_MAX 1024

/* The kernel's, as in agent/identity/disk.h. */
#define PARTITIONS_MAX 255

/* Of SCSI on virtio. */
#define TARGETS 256

/* Bytes that malloc() needs for itself, with what it rounds up. */
#define MALLOC_OVERHEAD 16

struct record_text {
	struct record_text *next;
	char text[];
};

int record_keep(struct record *record, const char *text, const char **ret)
{
	struct record_text *copy;
	size_t size;

	*ret = NULL;
	if (!text)
		return 0;
	size = sizeof(*copy) + strlen(text) + 1;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	record->memory += size + MALLOC_OVERHEAD;
	strcpy(copy->text, text);
	copy->next = record->texts;
	record->texts = copy;
	*ret = copy->text;
	return 0;
}

struct record *record_new(unsigned target, unsigned lun)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	record->memory = sizeof(*record);
	record->disk.target = target;
	record->disk.lun = lun;
	record->disk.slot = slot_exists(target, lun) ? (int)slot_from_place(target, lun) : -1;
	record->place = place_number(target, lun);
	if (record->disk.slot >= 0) {
		reference_format_device(
			(unsigned)record->disk.slot, record->device, sizeof(record->device));
		record->disk.device = record->device;
	}
	return record;
}

struct record *record_free(struct record *record)
{
	if (!record)
		return NULL;
	while (record->texts) {
		struct record_text *next = record->texts->next;

		free(record->texts);
		record->texts = next;
	}
	free(record->partitions);
	free(record->timeline);
	free(record);
	return NULL;
}

void hotslot_disk_free(struct hotslot_disk *disk)
{
	record_free(disk ? record_of(disk) : NULL);
}

/* Reads a text that must be there. */
static int take(
	struct record *record, const json_t *json, const char *key, size_t max, const char **ret)
{
	const char *text;
	int r = json_get_text(json, key, max, &text);

	return r < 0 ? r : record_keep(record, text, ret);
}

static int take_optional(
	struct record *record, const json_t *json, const char *key, size_t max, const char **ret)
{
	const char *text;
	int r = json_find_text(json, key, max, &text);

	return r < 0 ? r : record_keep(record, text, ret);
}

/* What a link may be made of: names as serial_encode() gives them, and directories. */
#define LINK_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-/\\"

/* Where a link stands is the guest's affair, but its name is not. */
static bool is_link(const char *text, const char *directory, const char *name)
{
	const char *slash = strrchr(text, '/');
	size_t length = strlen(directory);

	/* It is printed, and scripts put it into commands. */
	return text[0] == '/' && slash && strcmp(slash + 1, name) == 0 &&
	       (size_t)(slash - text) > length && strncmp(slash - length, directory, length) == 0 &&
	       slash[-(long)length - 1] == '/' && !strstr(text, "/../") &&
	       text[strspn(text, LINK_CHARACTERS)] == '\0';
}

static int take_links(struct record *record, const json_t *json, const char *slot_name,
	const char *serial_name, const char **ret_by_slot, const char **ret_by_serial)
{
	const json_t *links = json_object_get(json, "links");
	const json_t *link;
	size_t i;

	if (!json_is_array(links))
		return -EBADMSG;
	json_array_foreach(links, i, link)
	{
		const char *text;
		int r = json_read_text(link, LINK_MAX, &text);

		if (r == 0 && slot_name && is_link(text, "by-slot", slot_name))
			r = record_keep(record, text, ret_by_slot);
		else if (r == 0 && serial_name && is_link(text, "by-serial", serial_name))
			r = record_keep(record, text, ret_by_serial);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_disk_links(struct record *record, const json_t *json)
{
	struct hotslot_disk *disk = &record->disk;
	char slot[16];

	snprintf(slot, sizeof(slot), "%d", disk->slot);
	return take_links(record, json, disk->slot >= 0 ? slot : NULL, disk->serial, &disk->by_slot,
		&disk->by_serial);
}

static int take_partition_links(
	struct record *record, const json_t *json, struct hotslot_partition *partition)
{
	char slot[32], serial[SERIAL_ENCODED_MAX + 32];

	snprintf(slot, sizeof(slot), "%d-part%u", record->disk.slot, partition->number);
	snprintf(serial, sizeof(serial), "%s-part%u", record->disk.serial ?: "", partition->number);
	return take_links(record, json, record->disk.slot >= 0 ? slot : NULL,
		record->disk.serial ? serial : NULL, &partition->by_slot, &partition->by_serial);
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0 || (c && strcmp(text, c) == 0);
}

static int take_contents(struct record *record, const json_t *json)
{
	const json_t *contents = json_object_get(json, "contents");
	struct hotslot_disk *disk = &record->disk;
	int r;

	if (!json_is_object(contents))
		return -EBADMSG;
	r = take(record, contents, "state", NAME_TEXT_MAX, &disk->contents);
	if (r == 0 && !is_one_of(disk->contents, "pending", "known", "unknown"))
		r = -EBADMSG;
	if (r == 0)
		r = take_optional(record, contents, "type", NAME_TEXT_MAX, &disk->type);
	if (r == 0)
		r = take_optional(record, contents, "label", LABEL_MAX, &disk->label);
	if (r == 0)
		r = take_optional(record, contents, "uuid", LABEL_MAX, &disk->uuid);
	if (r == 0)
		r = take_optional(record, contents, "table", NAME_TEXT_MAX, &disk->table);
	return r;
}

static int take_partition(
	struct record *record, const json_t *json, struct hotslot_partition *partition)
{
	const json_t *contents = json_object_get(json, "contents");
	uint64_t number;
	int r = json_get_u64(json, "number", PARTITIONS_MAX, &number);

	if (r < 0 || !json_is_object(contents))
		return -EBADMSG;
	partition->number = (unsigned)number;
	r = take(record, json, "name", NAME_TEXT_MAX, &partition->name);
	if (r == 0)
		r = take(record, json, "devnum", NAME_TEXT_MAX, &partition->devnum);
	if (r == 0)
		r = json_get_u64(json, "start", INT64_MAX, &partition->start);
	if (r == 0)
		r = json_get_u64(json, "size", INT64_MAX, &partition->size);
	if (r == 0)
		r = take_partition_links(record, json, partition);
	if (r == 0)
		r = take_optional(record, contents, "type", NAME_TEXT_MAX, &partition->type);
	if (r == 0)
		r = take_optional(record, contents, "label", LABEL_MAX, &partition->label);
	if (r == 0)
		r = take_optional(record, contents, "uuid", LABEL_MAX, &partition->uuid);
	return r;
}

static int take_partitions(struct record *record, const json_t *json)
{
	const json_t *partitions = json_object_get(json, "partitions");
	size_t n = json_array_size(partitions);

	if (!json_is_array(partitions) || n > PARTITIONS_MAX)
		return -EBADMSG;
	record->partitions = calloc(n + 1, sizeof(*record->partitions));
	if (!record->partitions)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int r = take_partition(
			record, json_array_get(partitions, i), &record->partitions[i]);

		if (r < 0)
			return r;
	}
	record->disk.partitions = record->partitions;
	record->memory += n * sizeof(*record->partitions);
	record->disk.n_partitions = n;
	return 0;
}

/* Slot and place follow from the address; the guest has to say the same. */
static int check_place(const struct record *record, const json_t *json)
{
	const json_t *slot = json_object_get(json, "slot");
	uint64_t value;

	if (json_get_u64(json, "place", INT64_MAX, &value) < 0 || value != record->place)
		return -EBADMSG;
	if (record->disk.slot < 0)
		return json_is_null(slot) ? 0 : -EBADMSG;
	if (json_get_u64(json, "slot", SLOT_MAX, &value) < 0)
		return -EBADMSG;
	return value == (uint64_t)record->disk.slot ? 0 : -EBADMSG;
}

static int take_identity(struct record *record, const json_t *json)
{
	struct hotslot_disk *disk = &record->disk;
	char decoded[SERIAL_ENCODED_MAX + 1];
	uint64_t block_size;
	int r;

	r = take_optional(record, json, "serial", SERIAL_ENCODED_MAX, &disk->serial);
	if (r == 0 && disk->serial && serial_decode(disk->serial, decoded) <= 0)
		r = -EBADMSG;
	if (r == 0)
		r = json_get_bool(json, "conflict", &disk->conflict);
	if (r == 0)
		r = take(record, json, "name", NAME_TEXT_MAX, &disk->name);
	if (r == 0)
		r = take(record, json, "devnum", NAME_TEXT_MAX, &disk->devnum);
	if (r == 0)
		r = json_get_u64(json, "diskseq", INT64_MAX, &disk->diskseq);
	if (r == 0)
		r = json_get_u64(json, "size", INT64_MAX, &disk->size);
	if (r == 0)
		r = json_get_u64(json, "block-size", UINT32_MAX, &block_size);
	if (r < 0)
		return r;
	disk->block_size = (uint32_t)block_size;
	return 0;
}

static int take_state(struct record *record, const json_t *json)
{
	struct hotslot_disk *disk = &record->disk;
	int r = json_get_bool(json, "read-only", &disk->read_only);

	if (r == 0)
		r = take(record, json, "state", NAME_TEXT_MAX, &disk->state);
	if (r == 0 && !is_one_of(disk->state, "present", "released", NULL))
		r = -EBADMSG;
	return r;
}

/* Null, or missing: not known. */
static int take_moment(const json_t *times, const char *key, uint64_t *ret)
{
	const json_t *value = json_object_get(times, key);

	return !value || json_is_null(value) ? 0 : json_get_u64(times, key, INT64_MAX, ret);
}

static int take_times(struct record *record, const json_t *json)
{
	const json_t *times = json_object_get(json, "times");
	struct moments *moments = &record->moments;

	moments->told = times;
	if (!times)
		return 0;
	if (!json_is_object(times) || take_moment(times, "expected", &moments->expected) < 0 ||
		take_moment(times, "kernel", &moments->kernel) < 0 ||
		take_moment(times, "udev", &moments->udev) < 0 ||
		take_moment(times, "link", &moments->link) < 0 ||
		take_moment(times, "report", &moments->report) < 0)
		return -EBADMSG;
	return 0;
}

int record_add_timeline(struct record *record)
{
	if (!record->timeline)
		record->timeline = calloc(1, sizeof(*record->timeline));
	if (!record->timeline)
		return -ENOMEM;
	record->memory += sizeof(*record->timeline);
	record->disk.times = &record->timeline->times;
	return 0;
}

int record_from_json(const json_t *json, struct record **ret)
{
	_cleanup_record_ struct record *record = NULL;
	uint64_t target, lun;
	int r;

	if (json_get_u64(json, "target", TARGETS - 1, &target) < 0 ||
		json_get_u64(json, "lun", HOTSLOT_PLACE_LUNS - 1, &lun) < 0)
		return -EBADMSG;
	record = record_new((unsigned)target, (unsigned)lun);
	if (!record)
		return -ENOMEM;
	record->disk.visible = true;
	r = check_place(record, json);
	if (r == 0)
		r = take_identity(record, json);
	if (r == 0)
		r = take_state(record, json);
	if (r == 0)
		r = take_disk_links(record, json);
	if (r == 0)
		r = take_contents(record, json);
	if (r == 0)
		r = take_partitions(record, json);
	if (r == 0)
		r = take_times(record, json);
	if (r < 0)
		return r;
	*ret = steal_pointer(record);
	return 0;
}
