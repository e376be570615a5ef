/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host and a guest with disks in places, and what a watcher of them is told. */
#pragma once

#include "test.h"

#include "watch-model.h"

#define PLACES 6
#define TOLD_MAX 64

struct machine {
	uint64_t host[PLACES];	/* a number for each disk that ever was; 0: none */
	uint64_t guest[PLACES]; /* its diskseq */
	/* Of the serial that it has on either side; 0: that of the disk. */
	uint64_t host_serial[PLACES], guest_serial[PLACES];
	uint64_t size[PLACES];
	uint64_t last;
	int64_t seq;
	uint64_t now;
};

static inline struct domain_xml *make_xml(const struct machine *machine)
{
	struct domain_xml *xml = domain_xml_new();

	for (unsigned i = 0; i < PLACES; i++) {
		char alias[32], serial[32];
		struct xml_disk disk = {
			.scsi = true, .unit = i, .alias = alias, .serial = serial
		};

		snprintf(alias, sizeof(alias), "ua-hotslot-%u", (unsigned)machine->host[i]);
		snprintf(serial, sizeof(serial), "s%u",
			(unsigned)(machine->host_serial[i] ?: machine->host[i]));
		if (machine->host[i])
			assert_int_equal(domain_xml_add(xml, &disk), 0);
	}
	xml->controller = 0;
	return xml;
}

static inline struct record *make_record(const struct machine *machine, unsigned i)
{
	struct record *record = record_new(0, i);
	char serial[32];

	assert_non_null(record);
	snprintf(serial, sizeof(serial), "s%u",
		(unsigned)(machine->guest_serial[i] ?: machine->guest[i]));
	assert_int_equal(record_keep(record, serial, &record->disk.serial), 0);
	record->disk.visible = true;
	record->disk.diskseq = machine->guest[i];
	record->disk.size = machine->size[i];
	record->seq = machine->seq;
	return record;
}

static inline void take_inventory(
	struct watch_model *model, const struct machine *machine, bool rebooted)
{
	struct record **records = calloc(PLACES, sizeof(struct record *));
	const struct guest_hidden hidden = {};
	size_t n = 0;

	for (unsigned i = 0; i < PLACES; i++)
		if (machine->guest[i])
			records[n++] = make_record(machine, i);
	assert_int_equal(
		watch_model_take_inventory(model, records, n, &hidden, make_xml(machine), rebooted),
		0);
}

static inline void take_xml(struct watch_model *model, const struct machine *machine)
{
	assert_int_equal(watch_model_take_xml(model, make_xml(machine)), 0);
}

static inline void take_disk(struct watch_model *model, struct machine *machine, unsigned i)
{
	machine->seq++;
	assert_int_equal(watch_model_take_disk(model, make_record(machine, i)), 0);
}

static inline void take_removal(struct watch_model *model, struct machine *machine, unsigned i)
{
	watch_model_take_removal(model, i, machine->guest[i], ++machine->seq);
	machine->guest[i] = 0;
}

static inline void attach(struct machine *machine, unsigned i)
{
	machine->host[i] = machine->guest[i] = ++machine->last;
	machine->host_serial[i] = machine->guest_serial[i] = 0;
	machine->size[i] = 512;
}

struct told {
	char text[TOLD_MAX][64];
	size_t n;
	bool known[PLACES], visible[PLACES], attached[PLACES];
	uint64_t number[PLACES], size[PLACES];
};

static inline int hear(void *data, enum hotslot_watch_kind kind, const struct hotslot_disk *disk)
{
	struct told *told = data;
	unsigned i = disk->lun;

	snprintf(told->text[told->n++ % TOLD_MAX], sizeof(told->text[0]), "%s %u %llu",
		hotslot_watch_kind_name(kind), i, (unsigned long long)disk->diskseq);
	assert_int_equal(
		told->known[i], kind == HOTSLOT_WATCH_CHANGED || kind == HOTSLOT_WATCH_REMOVED);
	told->known[i] = kind != HOTSLOT_WATCH_REMOVED;
	told->visible[i] = disk->visible;
	told->attached[i] = disk->attached;
	told->number[i] = disk->diskseq;
	told->size[i] = disk->size;
	return 0;
}

static inline uint64_t tell(
	struct watch_model *model, const struct machine *machine, struct told *told)
{
	uint64_t again;

	told->n = 0;
	assert_int_equal(watch_model_tell(model, machine->now, hear, told, &again), 0);
	return again;
}

static inline void check_told(const struct told *told, size_t n, const char *const *expected)
{
	assert_int_equal(told->n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(told->text[i], expected[i]);
}

#define CHECK_TOLD(told, ...)                                               \
	do {                                                                \
		const char *const expected_[] = { "", ##__VA_ARGS__ };      \
		check_told(told, ARRAY_SIZE(expected_) - 1, expected_ + 1); \
	} while (0)

static inline void begin(struct watch_model *model, struct machine *machine, struct told *told)
{
	machine->now = 1000;
	take_inventory(model, machine, true);
	tell(model, machine, told);
	model->begun = true;
}
