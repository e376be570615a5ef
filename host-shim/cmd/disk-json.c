/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk as JSON; the man page describes the members. */
#include "output.h"

/* Sets a member. *OBJECT becomes NULL when there is no memory, and stays so: jansson takes VALUE
 * over in any case. */
static void set(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

static void set_contents(json_t **object, const char *type, const char *label, const char *uuid)
{
	set(object, "type", json_text(type));
	set(object, "label", json_text(label));
	set(object, "uuid", json_text(uuid));
}

static void set_links(json_t **object, const char *by_slot, const char *by_serial)
{
	set(object, "by-slot", json_text(by_slot));
	set(object, "by-serial", json_text(by_serial));
}

json_t *partition_json(const struct hotslot_partition *partition)
{
	json_t *object = json_object();

	set(&object, "number", json_integer(partition->number));
	set(&object, "name", json_text(partition->name));
	set(&object, "devnum", json_text(partition->devnum));
	set(&object, "start", json_integer((json_int_t)partition->start));
	set(&object, "size", json_integer((json_int_t)partition->size));
	set_links(&object, partition->by_slot, partition->by_serial);
	set_contents(&object, partition->type, partition->label, partition->uuid);
	return object;
}

static json_t *partitions_to_json(const struct hotslot_disk *disk)
{
	json_t *array = json_array();

	for (size_t i = 0; i < disk->n_partitions; i++) {
		json_t *partition = partition_json(&disk->partitions[i]);

		if (json_array_append_new(array, partition) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static void set_place(json_t **object, const struct hotslot_disk *disk)
{
	set(object, "slot", disk->slot < 0 ? json_null() : json_integer(disk->slot));
	set(object, "device", json_text(disk->device));
	set(object, "target", json_integer(disk->target));
	set(object, "lun", json_integer(disk->lun));
	set(object, "serial", json_text(disk->serial));
	set(object, "size", json_integer((json_int_t)disk->size));
}

static void set_host(json_t **object, const struct hotslot_disk *disk)
{
	set(object, "attached", json_boolean(disk->attached));
	set(object, "foreign", json_boolean(disk->foreign));
	set(object, "alias", json_text(disk->alias));
	set(object, "id", json_text(disk->id));
	set(object, "passthrough", json_boolean(disk->passthrough));
	set(object, "target-dev", json_text(disk->target_dev));
	set(object, "source", json_text(disk->source));
	set(object, "format", json_text(disk->format));
	set(object, "host-read-only", json_boolean(disk->host_read_only));
	set(object, "persistent",
		disk->persistence == HOTSLOT_PERSISTENCE_UNKNOWN
			? json_null()
			: json_boolean(disk->persistence == HOTSLOT_PERSISTENCE_YES));
}

static void set_guest(json_t **object, const struct hotslot_disk *disk)
{
	set(object, "visible", json_boolean(disk->visible));
	set(object, "conflict", json_boolean(disk->conflict));
	set(object, "mismatch", json_boolean(disk->mismatch));
	set(object, "name", json_text(disk->name));
	set(object, "devnum", json_text(disk->devnum));
	set(object, "diskseq", json_integer((json_int_t)disk->diskseq));
	set(object, "block-size", json_integer(disk->block_size));
	set(object, "read-only", json_boolean(disk->read_only));
	set(object, "state", json_text(disk->state));
	set_links(object, disk->by_slot, disk->by_serial);
	set(object, "contents", json_text(disk->contents));
	set_contents(object, disk->type, disk->label, disk->uuid);
	set(object, "table", json_text(disk->table));
	set(object, "partitions", partitions_to_json(disk));
}

static json_t *ms_json(bool known, double ms)
{
	return known ? json_real(ms) : json_null();
}

static json_t *phase_json(const struct hotslot_phase *phase)
{
	return phase->known ? json_pack("{sf sf}", "start-ms", phase->start, "duration-ms",
				      phase->duration)
			    : json_null();
}

static json_t *times_json(const struct hotslot_times *times)
{
	static const char *const told[] = {
		[HOTSLOT_TOLD] = "told",
		[HOTSLOT_TOLD_NOTHING] = "not-told",
		[HOTSLOT_TOLD_IMPOSSIBLE] = "impossible",
	};
	json_t *object = json_object(), *phases = json_object();

	for (size_t i = 0; i < times->n_phases; i++)
		set(&phases, times->phases[i].name, phase_json(&times->phases[i]));
	set(&object, "guest", json_string(told[times->told]));
	set(&object, "total-ms", ms_json(times->total > 0, times->total));
	set(&object, "error-ms", ms_json(times->error > 0, times->error));
	set(&object, "age-ms", ms_json(times->age >= 0, times->age));
	set(&object, "phases", phases);
	return object;
}

json_t *disk_json(const struct hotslot_disk *disk)
{
	const struct hotslot_timing *timing = &disk->timing;
	json_t *object = json_object();

	set_place(&object, disk);
	set_host(&object, disk);
	set_guest(&object, disk);
	if (timing->total > 0)
		set(&object, "timing-ms",
			json_pack("{sf sf sf}", "total", timing->total, "attach", timing->attach,
				"confirm", timing->confirm));
	if (disk->times)
		set(&object, "timing", times_json(disk->times));
	return object;
}
