/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell of the disks that are watched. */
#include <string.h>

#include "places.h"
#include "watch-model.h"

static const struct xml_disk *find_host(
	const struct watch_model *model, const struct watch_entry *entry)
{
	return domain_xml_disk_at(model->xml, place_target(entry->place), place_lun(entry->place));
}

/* What is at the place, as hotslot_list() would say it; *ret is NULL if nothing is. */
static int merge(
	const struct watch_model *model, const struct watch_entry *entry, struct record **ret)
{
	const struct xml_disk *host = find_host(model, entry);
	_cleanup_record_ struct record *record = NULL;
	int r = 0;

	*ret = NULL;
	if (!entry->guest && (!host || guest_hides(&model->hidden, entry->place)))
		return 0;
	if (entry->guest) {
		r = record_copy(entry->guest, &record);
	} else {
		record = record_new(host->target, host->unit);
		r = record ? 0 : -ENOMEM;
	}
	if (r == 0 && host)
		r = record_add_host(record, host);
	if (r == 0)
		*ret = steal_pointer(record);
	return r;
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "") == 0;
}

/* Whether what was told of is still there, maybe changed. */
static bool is_same_disk(const struct watch_model *model, const struct watch_entry *entry)
{
	const struct hotslot_disk *told = &entry->told->disk, *now = &entry->now->disk;

	if (told->visible && now->visible)
		return entry->boot == model->boot && told->diskseq == now->diskseq &&
		       is_same_text(told->serial, now->serial);
	return told->attached && now->attached && is_same_text(told->alias, now->alias) &&
	       is_same_text(entry->told->host_serial, entry->now->host_serial);
}

/* In what host and guest do not agree; 0: they do. */
static unsigned oddity(const struct record *record)
{
	const struct hotslot_disk *disk = &record->disk;

	return (disk->attached ? 0 : 1) + (disk->visible ? 0 : 2) + (disk->mismatch ? 4 : 0);
}

/* Whether it is too early to tell: host and guest may agree in a moment. */
static bool is_held(
	struct watch_model *model, struct watch_entry *entry, uint64_t now, uint64_t *again)
{
	unsigned odd = entry->now ? oddity(entry->now) : 0;

	if (odd == 0 || !entry->odd) {
		entry->odd = odd ? now : 0;
		entry->looked = false;
	}
	if (odd == 0 || !model->begun || (entry->told && oddity(entry->told) == odd) ||
		entry->looked)
		return false;
	if (now < entry->odd + WATCH_SETTLE_MS) {
		if (*again > entry->odd + WATCH_SETTLE_MS)
			*again = entry->odd + WATCH_SETTLE_MS;
	} else {
		entry->looked = true;
		model->look = true;
	}
	return true;
}

bool watch_model_is_settled(const struct watch_model *model, uint64_t since)
{
	for (size_t i = 0; i < model->count; i++) {
		const struct watch_entry *entry = &model->entries[i];

		if (entry->dirty && entry->odd && entry->odd <= since)
			return false;
	}
	return true;
}

static int tell_removed(struct watch_entry *entry, watch_tell_fn fn, void *data)
{
	_cleanup_record_ struct record *told = steal_pointer(entry->told);

	return fn(data, HOTSLOT_WATCH_REMOVED, &told->disk);
}

/* Finds out what is at the place, and tells if that is not what was told of. */
static int prepare(struct watch_model *model, struct watch_entry *entry, uint64_t now,
	watch_tell_fn fn, void *data, uint64_t *again)
{
	int r;

	entry->now = record_free(entry->now);
	r = merge(model, entry, &entry->now);
	if (r < 0)
		return r;
	if (is_held(model, entry, now, again)) {
		entry->now = record_free(entry->now);
		return 0;
	}
	entry->dirty = false;
	if (entry->told && (!entry->now || !is_same_disk(model, entry)))
		r = tell_removed(entry, fn, data);
	return r;
}

static int tell_entry(
	struct watch_model *model, struct watch_entry *entry, watch_tell_fn fn, void *data)
{
	_cleanup_record_ struct record *before = entry->told;
	enum hotslot_watch_kind kind = HOTSLOT_WATCH_CHANGED;

	entry->told = steal_pointer(entry->now);
	entry->boot = model->boot;
	if (!before)
		kind = model->begun ? HOTSLOT_WATCH_ADDED : HOTSLOT_WATCH_DISK;
	else if (record_is_same(before, entry->told))
		return 0;
	return fn(data, kind, &entry->told->disk);
}

static void drop_empty(struct watch_model *model)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->count; i++) {
		const struct watch_entry *entry = &model->entries[i];

		if (entry->guest || entry->told || entry->dirty)
			model->entries[kept++] = *entry;
	}
	model->count = kept;
}

/* What is gone comes first, so that no two disks have one serial in between. */
int watch_model_tell(
	struct watch_model *model, uint64_t now, watch_tell_fn fn, void *data, uint64_t *ret_again)
{
	uint64_t again = UINT64_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < model->count; i++)
		if (model->entries[i].dirty)
			r = prepare(model, &model->entries[i], now, fn, data, &again);
	for (size_t i = 0; r == 0 && i < model->count; i++)
		if (model->entries[i].now)
			r = tell_entry(model, &model->entries[i], fn, data);
	drop_empty(model);
	*ret_again = again;
	return r;
}
