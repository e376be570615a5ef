/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's inventory, page by page. */
#include "error.h"
#include "guest-clock.h"
#include "json.h"
#include "places.h"
#include "session.h"

/* A list right after an attach says what is on the disk; it does not wait for a sick one. */
#define CONTENTS_WAIT_MS 2000

static int read_hidden(const struct hotslot_domain *domain, const json_t *page,
	struct guest_hidden *ret, struct hotslot_error *error)
{
	const json_t *hidden = json_object_get(page, "hidden"), *place;
	const json_t *places = json_object_get(hidden, "places");
	size_t i;

	*ret = (struct guest_hidden){ .untold = !hidden };
	if (!hidden)
		return 0;
	if (json_get_bool(hidden, "undecided", &ret->undecided) < 0 || !json_is_array(places) ||
		json_array_size(places) > HIDDEN_MAX)
		return guest_malformed(domain, error, "what it hides");
	json_array_foreach(places, i, place)
	{
		json_int_t value = json_integer_value(place);

		if (!json_is_integer(place) || value < 0 || value > HOTSLOT_PLACE_MAX)
			return guest_malformed(domain, error, "a place that it hides");
		ret->places[ret->count++] = (uint64_t)value;
	}
	return 0;
}

bool guest_hides(const struct guest_hidden *hidden, uint64_t place)
{
	if (hidden->undecided || place_target(place) == SLOT_SYSTEM_TARGET)
		return true;
	for (size_t i = 0; i < hidden->count; i++)
		if (hidden->places[i] == place)
			return true;
	return false;
}

bool guest_may_hide(const struct guest_hidden *hidden, uint64_t place)
{
	return hidden->untold || guest_hides(hidden, place);
}

/* CONTENTS_UNTIL: how long the agent may wait for what it does not know yet; 0 for not at all. */
static int request_page(struct hotslot_domain *domain, int64_t after, unsigned limit,
	uint64_t contents_until, uint64_t deadline, json_t **ret, struct guest_hidden *ret_hidden,
	struct hotslot_error *error)
{
	uint64_t now = now_ms(), wait = contents_until > now ? contents_until - now : 0;
	json_t *arguments = json_pack("{s:i, s:b, s:I}", "limit", limit, "contents", wait > 0,
		"deadline", (json_int_t)wait);
	const json_t *refusal;
	json_t *answer;
	int r;

	if (arguments && after >= 0)
		(void)json_object_set_new(arguments, "after", json_integer(after));
	guest_ask_times(domain, arguments);
	r = session_request(domain, HOTSLOT_REQUEST_DISKS, arguments, deadline, &answer, error);
	if (r < 0)
		return r;
	refusal = json_object_get(answer, "error");
	if (refusal)
		r = guest_refused(domain, HOTSLOT_REQUEST_DISKS, refusal, error);
	else if (!json_is_array(json_object_get(json_object_get(answer, "return"), "disks")))
		r = guest_malformed(domain, error, "no list of disks");
	if (r == 0)
		r = read_hidden(domain, json_object_get(answer, "return"), ret_hidden, error);
	if (r == 0)
		*ret = json_incref(json_object_get(answer, "return"));
	json_decref(answer);
	return r;
}

struct inventory {
	struct record **records;
	size_t count, room;
	size_t max; /* more are not believed */
	unsigned pages;
	size_t memory;
	int64_t after;		 /* place of the last one */
	uint64_t contents_until; /* now_ms(): what is not known by then is pending */
	struct guest_hidden hidden;
};

/* Takes the record of a disk on a page. */
static int read_on_page(const struct hotslot_domain *domain, const json_t *page, const json_t *json,
	struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r = guest_read_record(domain, json, &record, error);

	if (r == 0)
		r = guest_add_times(domain, page, record, error);
	if (r == 0)
		*ret = steal_pointer(record);
	return r;
}

static int add_record(struct hotslot_domain *domain, struct inventory *inventory,
	const json_t *page, const json_t *json, struct hotslot_error *error)
{
	struct record *record;
	int r;

	if (inventory->count == inventory->room) {
		size_t room = 2 * inventory->room + HOTSLOT_PAGE_MAX;
		struct record **records =
			reallocarray(inventory->records, room, sizeof(struct record *));

		if (!records)
			return error_memory(error);
		inventory->records = records;
		inventory->room = room;
	}
	r = read_on_page(domain, page, json, &record, error);
	if (r < 0)
		return r;
	record->seq = json_integer_value(json_object_get(page, "seq"));
	inventory->records[inventory->count++] = record;
	inventory->memory += record->memory;
	if (inventory->memory > RECORDS_MEMORY_MAX)
		return guest_malformed(domain, error, "more disks than a guest has");
	if ((int64_t)record->place <= inventory->after || inventory->count > inventory->max)
		return guest_malformed(domain, error, "disks out of order");
	inventory->after = (int64_t)record->place;
	return 0;
}

/* Returns 1 if there is another page. */
static int add_page(struct hotslot_domain *domain, struct inventory *inventory, uint64_t deadline,
	struct hotslot_error *error)
{
	const json_t *disk, *next;
	json_t *page;
	size_t i;
	int r = request_page(domain, inventory->after, HOTSLOT_PAGE_MAX, inventory->contents_until,
		deadline, &page, &inventory->hidden, error);

	if (r < 0)
		return r;
	json_array_foreach(json_object_get(page, "disks"), i, disk)
	{
		r = add_record(domain, inventory, page, disk, error);
		if (r < 0)
			break;
	}
	next = json_object_get(page, "next");
	if (r == 0 && json_is_integer(next))
		r = i > 0 && json_integer_value(next) == inventory->after
			    ? 1
			    : guest_malformed(domain, error, "the next page");
	json_decref(page);
	return r;
}

static int read_disks(struct hotslot_domain *domain, size_t max, uint64_t contents_until,
	uint64_t deadline, struct record ***ret, size_t *ret_count, struct guest_hidden *ret_hidden,
	struct hotslot_error *error)
{
	struct inventory inventory = { .after = -1, .max = max, .contents_until = contents_until };
	unsigned hellos = 0;
	int r;

	do {
		r = add_page(domain, &inventory, deadline, error);
		/* Pages of two sessions are no inventory. */
		if (r >= 0 && inventory.pages++ > 0 && session_hellos(domain) != hellos) {
			records_free(inventory.records, inventory.count);
			inventory = (struct inventory){
				.after = -1, .max = max, .contents_until = inventory.contents_until
			};
			r = 1;
		}
		hellos = session_hellos(domain);
	} while (r > 0);
	if (r < 0) {
		records_free(inventory.records, inventory.count);
		return r;
	}
	*ret = inventory.records;
	*ret_count = inventory.count;
	*ret_hidden = inventory.hidden;
	return 0;
}

int guest_disks_up_to(struct hotslot_domain *domain, size_t max, uint64_t deadline,
	struct record ***ret, size_t *ret_count, struct guest_hidden *ret_hidden,
	struct hotslot_error *error)
{
	return read_disks(domain, max, now_ms() + CONTENTS_WAIT_MS, deadline, ret, ret_count,
		ret_hidden, error);
}

int guest_disks(struct hotslot_domain *domain, uint64_t deadline, struct record ***ret,
	size_t *ret_count, struct guest_hidden *ret_hidden, struct hotslot_error *error)
{
	return guest_disks_up_to(domain, SIZE_MAX, deadline, ret, ret_count, ret_hidden, error);
}

int guest_disks_at_once(struct hotslot_domain *domain, uint64_t deadline, struct record ***ret,
	size_t *ret_count, struct guest_hidden *ret_hidden, struct hotslot_error *error)
{
	return read_disks(domain, SIZE_MAX, 0, deadline, ret, ret_count, ret_hidden, error);
}

void records_free(struct record **records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_free(records[i]);
	free(records);
}

/* *ret is the first disk at this place or above, NULL if none. */
static int find_from(struct hotslot_domain *domain, uint64_t place, uint64_t contents_until,
	uint64_t deadline, struct record **ret, struct guest_hidden *ret_hidden,
	struct hotslot_error *error)
{
	json_t *page, *disk;
	int r = request_page(
		domain, (int64_t)place - 1, 1, contents_until, deadline, &page, ret_hidden, error);

	if (r < 0)
		return r;
	disk = json_array_get(json_object_get(page, "disks"), 0);
	*ret = NULL;
	r = disk ? read_on_page(domain, page, disk, ret, error) : 0;
	json_decref(page);
	return r;
}

int guest_disk_in_slot(struct hotslot_domain *domain, unsigned slot, uint64_t deadline,
	struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r;

	if (session_is_clear(domain, slot)) {
		*ret = NULL;
		return 0;
	}
	r = find_from(domain, slot, 0, deadline, &record, &hidden, error);
	if (r < 0)
		return r;
	if (!record)
		session_set_clear(domain, slot);
	*ret = record && record->place == slot ? steal_pointer(record) : NULL;
	return 0;
}

int guest_disk_at(struct hotslot_domain *domain, uint64_t place, bool contents, uint64_t deadline,
	struct record **ret, struct guest_hidden *ret_hidden, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r = find_from(domain, place, contents ? now_ms() + CONTENTS_WAIT_MS : 0, deadline,
		&record, ret_hidden, error);

	if (r < 0)
		return r;
	*ret = record && record->place == place ? steal_pointer(record) : NULL;
	return 0;
}
