/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks as one who watches knows them. What is told of them: watch-tell.c. */
#include "watch-model.h"

#include <string.h>

#include "places.h"

/* The index of the place's entry, or of the one that comes after it. */
static size_t find_index(const struct watch_model *model, uint64_t place)
{
	size_t low = 0, high = model->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (model->entries[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct watch_entry *find(const struct watch_model *model, uint64_t place)
{
	size_t i = find_index(model, place);

	return i < model->count && model->entries[i].place == place ? &model->entries[i] : NULL;
}

/* Finds the place's entry or makes one. NULL: no memory. */
static struct watch_entry *need(struct watch_model *model, uint64_t place)
{
	size_t i = find_index(model, place);

	if (i < model->count && model->entries[i].place == place)
		return &model->entries[i];
	if (model->count == model->room) {
		size_t room = 2 * model->room + 16;
		struct watch_entry *entries =
			reallocarray(model->entries, room, sizeof(*model->entries));

		if (!entries)
			return NULL;
		model->entries = entries;
		model->room = room;
	}
	memmove(&model->entries[i + 1], &model->entries[i],
		(model->count - i) * sizeof(*model->entries));
	model->count++;
	model->entries[i] = (struct watch_entry){ .place = place, .dirty = true };
	return &model->entries[i];
}

static void set_guest(struct watch_model *model, struct watch_entry *entry, struct record *record)
{
	if (entry->guest)
		model->memory -= entry->guest->memory;
	if (record)
		model->memory += record->memory;
	record_free(entry->guest);
	entry->guest = record;
	entry->dirty = true;
}

/* Takes RECORD over in any case. The system's own are none of ours, whatever the guest says. */
static int take_record(struct watch_model *model, struct record *record)
{
	struct watch_entry *entry;

	if (record->disk.target == SLOT_SYSTEM_TARGET) {
		record_free(record);
		return 0;
	}
	entry = need(model, record->place);
	if (!entry) {
		record_free(record);
		return -ENOMEM;
	}
	set_guest(model, entry, record);
	return 0;
}

/* Each disk that the host has gets an entry. */
int watch_model_take_xml(struct watch_model *model, struct domain_xml *xml)
{
	struct domain_xml *before = model->xml;
	int r = 0;

	model->xml = xml;
	for (size_t i = 0; i < model->count; i++)
		model->entries[i].dirty = true;
	for (size_t i = 0; r == 0 && i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (domain_xml_manages(xml, disk) && disk->target != SLOT_SYSTEM_TARGET &&
			!need(model, place_number(disk->target, disk->unit)))
			r = -ENOMEM;
	}
	domain_xml_free(before);
	return r;
}

int watch_model_take_inventory(struct watch_model *model, struct record **records, size_t count,
	const struct guest_hidden *hidden, struct domain_xml *xml, bool rebooted)
{
	int r = 0;

	for (size_t i = 0; i < model->count; i++)
		set_guest(model, &model->entries[i], NULL);
	for (size_t i = 0; i < count; i++) {
		if (r == 0)
			r = take_record(model, records[i]);
		else
			record_free(records[i]);
	}
	free(records);
	model->hidden = *hidden;
	model->boot += rebooted;
	model->look = false;
	if (r == 0)
		return watch_model_take_xml(model, xml);
	domain_xml_free(xml);
	return r;
}

/* Events that came before the page of an inventory are in it. */
static bool is_known(const struct watch_entry *entry, int64_t seq)
{
	return entry && entry->guest && entry->guest->seq >= seq;
}

int watch_model_take_disk(struct watch_model *model, struct record *record)
{
	if (is_known(find(model, record->place), record->seq)) {
		record_free(record);
		return 0;
	}
	if (model->memory + record->memory > RECORDS_MEMORY_MAX) {
		record_free(record);
		return -E2BIG;
	}
	/* It may have hidden all of them until now. */
	model->look |= model->hidden.undecided;
	return take_record(model, record);
}

void watch_model_take_removal(
	struct watch_model *model, uint64_t place, uint64_t diskseq, int64_t seq)
{
	struct watch_entry *entry = find(model, place);

	/* Another one may be there already. */
	if (entry && entry->guest && entry->guest->disk.diskseq == diskseq && !is_known(entry, seq))
		set_guest(model, entry, NULL);
}

void watch_model_settle(struct watch_model *model)
{
	for (size_t i = 0; i < model->count; i++) {
		model->entries[i].odd = 0;
		model->entries[i].looked = false;
	}
}

void watch_model_done(struct watch_model *model)
{
	for (size_t i = 0; i < model->count; i++) {
		record_free(model->entries[i].guest);
		record_free(model->entries[i].told);
		record_free(model->entries[i].now);
	}
	free(model->entries);
	domain_xml_free(model->xml);
}
