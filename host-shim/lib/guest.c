/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's requests with types. The guest is not trusted: each answer is checked whole. */
#include "guest.h"

#include <string.h>

#include "error.h"
#include "json.h"
#include "session.h"

/* More disks than any controller can hold with libvirt's patience; ends a guest's endless list. */
#define DISKS_MAX 65536

/* A list right after an attach says what is on the disk; it does not wait for a sick one. */
#define CONTENTS_WAIT_MS 2000

/* A text of the agent for a person, and a path. */
#define TEXT_MAX 1024

static int malformed(
	const struct hotslot_domain *domain, struct hotslot_error *error, const char *what)
{
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"The agent of domain %s gave a malformed answer: %s", domain->name, what);
}

static int read_record(const struct hotslot_domain *domain, const json_t *json, struct record **ret,
	struct hotslot_error *error)
{
	int r = record_from_json(json, ret);

	if (r == -EBADMSG)
		return malformed(domain, error, "a disk's record");
	return r < 0 ? error_memory(error) : 0;
}

static bool has_class(const json_t *refusal, const char *class)
{
	const char *text = json_string_value(json_object_get(refusal, "class"));

	return text && strcmp(text, class) == 0;
}

static const char *description(const json_t *refusal)
{
	const char *text;

	return json_get_text(refusal, "desc", TEXT_MAX, &text) < 0 ? "no reason given" : text;
}

static void append_user(struct hotslot_error *error, const json_t *user, const char *separator)
{
	const char *kind, *device, *what = NULL, *process = NULL;
	uint64_t pid = 0;

	if (json_get_text(user, "kind", TEXT_MAX, &kind) < 0 ||
		json_get_text(user, "device", TEXT_MAX, &device) < 0)
		return;
	(void)json_find_text(user, "what", TEXT_MAX, &what);
	(void)json_find_text(user, "process", TEXT_MAX, &process);
	(void)json_get_u64(user, "pid", INT32_MAX, &pid);
	error_append(error, "%s%s is ", separator, device);
	if (strcmp(kind, "mount") == 0)
		error_append(error, "mounted on %s", what ?: "?");
	else if (strcmp(kind, "swap") == 0)
		error_append(error, "used as swap");
	else if (strcmp(kind, "holder") == 0)
		error_append(error, "held by %s", what ?: "another device");
	else
		error_append(error, "open%s", strcmp(kind, "exclusive") == 0 ? " exclusively" : "");
	if (process || pid)
		error_append(error, " by %s (%llu)", process ?: "process", (unsigned long long)pid);
}

static int disk_busy(const struct hotslot_domain *domain, unsigned slot, const json_t *refusal,
	struct hotslot_error *error)
{
	const json_t *users = json_object_get(refusal, "users");
	const json_t *user;
	size_t i;
	int r = error_set(error, HOTSLOT_ERROR_DISK_BUSY,
		"The guest of domain %s uses the disk in slot %u", domain->name, slot);

	json_array_foreach(users, i, user)
	{
		if (i >= HOTSLOT_USERS_MAX)
			break;
		append_user(error, user, i == 0 ? ": " : ", ");
	}
	return r;
}

/* What is no documented outcome of the request. */
static int refused(const struct hotslot_domain *domain, const char *execute, const json_t *refusal,
	struct hotslot_error *error)
{
	if (has_class(refusal, HOTSLOT_CLASS_TIMEOUT))
		return error_set(error, HOTSLOT_ERROR_TIMEOUT,
			"The agent of domain %s did not finish '%s' in time: %s", domain->name,
			execute, description(refusal));
	return error_set(error, HOTSLOT_ERROR_AGENT, "The agent of domain %s refuses '%s': %s",
		domain->name, execute, description(refusal));
}

/* CONTENTS: waits until the agent has looked at them. */
/* CONTENTS_UNTIL: how long the agent may wait for what it does not know yet; 0 for not at all. */
static int request_page(struct hotslot_domain *domain, int64_t after, unsigned limit,
	uint64_t contents_until, uint64_t deadline, json_t **ret, struct hotslot_error *error)
{
	uint64_t now = now_ms(), wait = contents_until > now ? contents_until - now : 0;
	json_t *arguments = json_pack("{s:i, s:b, s:I}", "limit", limit, "contents", wait > 0,
		"deadline", (json_int_t)wait);
	const json_t *refusal;
	json_t *answer;
	int r;

	if (arguments && after >= 0)
		(void)json_object_set_new(arguments, "after", json_integer(after));
	r = session_request(domain, HOTSLOT_REQUEST_DISKS, arguments, deadline, &answer, error);
	if (r < 0)
		return r;
	refusal = json_object_get(answer, "error");
	if (refusal)
		r = refused(domain, HOTSLOT_REQUEST_DISKS, refusal, error);
	else if (!json_is_array(json_object_get(json_object_get(answer, "return"), "disks")))
		r = malformed(domain, error, "no list of disks");
	if (r == 0)
		*ret = json_incref(json_object_get(answer, "return"));
	json_decref(answer);
	return r;
}

struct inventory {
	struct record **records;
	size_t count, room;
	unsigned pages;
	int64_t after;		 /* place of the last one */
	uint64_t contents_until; /* now_ms(): what is not known by then is pending */
};

static int add_record(struct hotslot_domain *domain, struct inventory *inventory,
	const json_t *json, struct hotslot_error *error)
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
	r = read_record(domain, json, &record, error);
	if (r < 0)
		return r;
	inventory->records[inventory->count++] = record;
	if ((int64_t)record->place <= inventory->after || inventory->count > DISKS_MAX)
		return malformed(domain, error, "disks out of order");
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
		deadline, &page, error);

	if (r < 0)
		return r;
	json_array_foreach(json_object_get(page, "disks"), i, disk)
	{
		r = add_record(domain, inventory, disk, error);
		if (r < 0)
			break;
	}
	next = json_object_get(page, "next");
	if (r == 0 && json_is_integer(next))
		r = i > 0 && json_integer_value(next) == inventory->after
			    ? 1
			    : malformed(domain, error, "the next page");
	json_decref(page);
	return r;
}

int guest_disks(struct hotslot_domain *domain, uint64_t deadline, struct record ***ret,
	size_t *ret_count, struct hotslot_error *error)
{
	struct inventory inventory = { .after = -1, .contents_until = now_ms() + CONTENTS_WAIT_MS };
	unsigned hellos = 0;
	int r;

	do {
		r = add_page(domain, &inventory, deadline, error);
		/* Pages of two sessions are no inventory. */
		if (r >= 0 && inventory.pages++ > 0 && session_hellos(domain) != hellos) {
			records_free(inventory.records, inventory.count);
			inventory = (struct inventory){ .after = -1,
				.contents_until = inventory.contents_until };
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
	return 0;
}

void records_free(struct record **records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_free(records[i]);
	free(records);
}

int guest_disk_in_slot(struct hotslot_domain *domain, unsigned slot, uint64_t deadline,
	struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	json_t *page, *disk;
	int r;

	if (session_is_clear(domain, slot)) {
		*ret = NULL;
		return 0;
	}
	r = request_page(domain, (int64_t)slot - 1, 1, 0, deadline, &page, error);
	if (r < 0)
		return r;
	disk = json_array_get(json_object_get(page, "disks"), 0);
	r = disk ? read_record(domain, disk, &record, error) : 0;
	json_decref(page);
	if (r < 0)
		return r;
	if (!record)
		session_set_clear(domain, slot);
	*ret = record && record->place == slot ? steal_pointer(record) : NULL;
	return 0;
}

static int not_expected(const struct hotslot_domain *domain, unsigned slot, const json_t *refusal,
	struct hotslot_error *error)
{
	if (has_class(refusal, HOTSLOT_CLASS_TIMEOUT))
		return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
			"The guest of domain %s did not show the disk in slot %u in time",
			domain->name, slot);
	if (has_class(refusal, HOTSLOT_CLASS_MISMATCH))
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"The guest of domain %s shows another disk in slot %u: %s", domain->name,
			slot, description(refusal));
	return refused(domain, HOTSLOT_REQUEST_EXPECT, refusal, error);
}

/* The guest has compared already; but it is the guest. */
static int compare(const struct hotslot_domain *domain, const struct record *record,
	const struct expectation *expected, struct hotslot_error *error)
{
	const struct hotslot_disk *disk = &record->disk;

	if (disk->conflict)
		return error_set(error, HOTSLOT_ERROR_SERIAL_TAKEN,
			"Another disk in the guest of domain %s has the serial %s", domain->name,
			disk->serial ?: "?");
	if (disk->slot != (int)expected->slot || !disk->by_slot ||
		strcmp(disk->state, "present") != 0)
		return malformed(domain, error, "not the disk that was asked for");
	if (strcmp(disk->serial ?: "", expected->serial) != 0 ||
		(expected->size != 0 && disk->size != expected->size) ||
		disk->read_only != expected->read_only)
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"The guest of domain %s shows another disk in slot %u: serial %s, %llu "
			"bytes%s, not serial %s, %llu bytes%s",
			domain->name, expected->slot, disk->serial ?: "none",
			(unsigned long long)disk->size, disk->read_only ? ", read-only" : "",
			expected->serial, (unsigned long long)expected->size,
			expected->read_only ? ", read-only" : "");
	return 0;
}

static json_t *expect_arguments(const struct expectation *expected)
{
	json_t *arguments = json_pack("{s:i, s:s, s:b}", "slot", expected->slot, "serial",
		expected->serial, "read-only", expected->read_only);

	if (arguments && expected->size > 0)
		(void)json_object_set_new(
			arguments, "size", json_integer((json_int_t)expected->size));
	return arguments;
}

void guest_expect_early(
	struct hotslot_domain *domain, const struct expectation *expected, uint64_t deadline)
{
	session_request_early(domain, HOTSLOT_REQUEST_EXPECT, expect_arguments(expected), deadline);
}

int guest_expect(struct hotslot_domain *domain, const struct expectation *expected,
	uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	const json_t *refusal;
	json_t *answer;
	int r;

	r = session_request(domain, HOTSLOT_REQUEST_EXPECT, expect_arguments(expected), deadline,
		&answer, error);
	if (r < 0) {
		if (error->code == HOTSLOT_ERROR_TIMEOUT)
			return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
				"The agent of domain %s did not confirm the disk in slot %u in "
				"time",
				domain->name, expected->slot);
		return r;
	}
	refusal = json_object_get(answer, "error");
	r = refusal ? not_expected(domain, expected->slot, refusal, error)
		    : read_record(domain,
			      json_object_get(json_object_get(answer, "return"), "disk"), &record,
			      error);
	json_decref(answer);
	if (r == 0)
		r = compare(domain, record, expected, error);
	if (r < 0)
		return r;
	*ret = steal_pointer(record);
	return 0;
}

static int check_release(struct hotslot_domain *domain, unsigned slot, enum release how,
	const json_t *answer, struct hotslot_error *error)
{
	const json_t *refusal = json_object_get(answer, "error");
	const char *state;

	if (refusal && has_class(refusal, HOTSLOT_CLASS_BUSY))
		return disk_busy(domain, slot, refusal, error);
	if (refusal)
		return refused(domain, HOTSLOT_REQUEST_RELEASE, refusal, error);
	if (json_get_text(json_object_get(answer, "return"), "state", TEXT_MAX, &state) < 0)
		return malformed(domain, error, "no state of the released disk");
	if (strcmp(state, "gone") == 0)
		return 1;
	if (how == RELEASE_DETACHED || strcmp(state, "released") != 0)
		return malformed(domain, error, "the state of the released disk");
	return 0;
}

int guest_release(struct hotslot_domain *domain, unsigned slot, enum release how, uint64_t deadline,
	struct hotslot_error *error)
{
	json_t *arguments = json_pack("{s:i, s:b, s:b}", "slot", slot, "force",
		how == RELEASE_FORCE, "detached", how == RELEASE_DETACHED);
	json_t *answer;
	int r = session_request(
		domain, HOTSLOT_REQUEST_RELEASE, arguments, deadline, &answer, error);

	if (r < 0)
		return r;
	r = check_release(domain, slot, how, answer, error);
	json_decref(answer);
	return r;
}

/* A request of whose answer only matters that it is no error. */
static int request_plain(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	uint64_t deadline, struct hotslot_error *error)
{
	const json_t *refusal;
	json_t *answer;
	int r = session_request(domain, execute, arguments, deadline, &answer, error);

	if (r < 0)
		return r;
	refusal = json_object_get(answer, "error");
	if (refusal)
		r = refused(domain, execute, refusal, error);
	json_decref(answer);
	return r;
}

int guest_take_back(struct hotslot_domain *domain, unsigned slot, uint64_t deadline,
	struct hotslot_error *error)
{
	return request_plain(
		domain, HOTSLOT_REQUEST_EXPECT, json_pack("{s:i}", "slot", slot), deadline, error);
}

int guest_shutdown(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	return request_plain(domain, HOTSLOT_REQUEST_SHUTDOWN,
		json_pack("{s:s}", "mode", "powerdown"), deadline, error);
}
