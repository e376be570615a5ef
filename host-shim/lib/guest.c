/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's requests with types. The guest is not trusted: each answer is checked whole. */
#include "guest-clock.h"

#include <string.h>

#include "error.h"
#include "json.h"
#include "places.h"
#include "session.h"

/* A text of the agent for a person, and a path. */
#define TEXT_MAX 1024

int guest_malformed(
	const struct hotslot_domain *domain, struct hotslot_error *error, const char *what)
{
	return error_set(error, HOTSLOT_ERROR_AGENT,
		"The agent of domain %s gave a malformed answer: %s", domain->name, what);
}

int guest_read_record(const struct hotslot_domain *domain, const json_t *json, struct record **ret,
	struct hotslot_error *error)
{
	int r = record_from_json(json, ret);

	if (r == -EBADMSG)
		return guest_malformed(domain, error, "a disk's record");
	return r < 0 ? error_memory(error) : 0;
}

bool guest_refused_as(const json_t *refusal, const char *class)
{
	const char *text = json_string_value(json_object_get(refusal, "class"));

	return text && strcmp(text, class) == 0;
}

static const char *description(const json_t *refusal)
{
	const char *text;

	return json_get_text(refusal, "desc", TEXT_MAX, &text) < 0 ? "no reason given" : text;
}

const char *guest_place_key(uint64_t place)
{
	return place_is_slot(place) ? "slot" : "place";
}

/* What is no documented outcome of the request. */
int guest_refused(const struct hotslot_domain *domain, const char *execute, const json_t *refusal,
	struct hotslot_error *error)
{
	if (guest_refused_as(refusal, HOTSLOT_CLASS_TIMEOUT))
		return error_set(error, HOTSLOT_ERROR_TIMEOUT,
			"The agent of domain %s did not finish '%s' in time: %s", domain->name,
			execute, description(refusal));
	return error_set(error, HOTSLOT_ERROR_AGENT, "The agent of domain %s refuses '%s': %s",
		domain->name, execute, description(refusal));
}

/* CONTENTS: waits until the agent has looked at them. */
static int not_expected(const struct hotslot_domain *domain, unsigned slot, const json_t *refusal,
	struct hotslot_error *error)
{
	if (guest_refused_as(refusal, HOTSLOT_CLASS_TIMEOUT))
		return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
			"The guest of domain %s did not show the disk in slot %u in time",
			domain->name, slot);
	if (guest_refused_as(refusal, HOTSLOT_CLASS_MISMATCH))
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"The guest of domain %s shows another disk in slot %u: %s", domain->name,
			slot, description(refusal));
	return guest_refused(domain, HOTSLOT_REQUEST_EXPECT, refusal, error);
}

/* The guest has compared already; but it is the guest. */
static int compare(const struct hotslot_domain *domain, const struct record *record,
	const struct expectation *expected, struct hotslot_error *error)
{
	const struct hotslot_disk *disk = &record->disk;

	if (disk->slot != (int)expected->slot || !disk->by_slot ||
		strcmp(disk->state, "present") != 0)
		return guest_malformed(domain, error, "not the disk that was asked for");
	if ((expected->serial && strcmp(disk->serial ?: "", expected->serial) != 0) ||
		(expected->size != 0 && disk->size != expected->size) ||
		disk->read_only != expected->read_only)
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"The guest of domain %s shows another disk in slot %u: serial %s, %llu "
			"bytes%s, not serial %s, %llu bytes%s",
			domain->name, expected->slot, disk->serial ?: "none",
			(unsigned long long)disk->size, disk->read_only ? ", read-only" : "",
			expected->serial ?: "of its own", (unsigned long long)expected->size,
			expected->read_only ? ", read-only" : "");
	return 0;
}

static json_t *expect_arguments(
	const struct hotslot_domain *domain, const struct expectation *expected)
{
	json_t *arguments = json_pack("{s:i, s:s*, s:b}", "slot", expected->slot, "serial",
		expected->serial, "read-only", expected->read_only);

	if (arguments && expected->size > 0)
		(void)json_object_set_new(
			arguments, "size", json_integer((json_int_t)expected->size));
	guest_ask_times(domain, arguments);
	return arguments;
}

void guest_expect_early(
	struct hotslot_domain *domain, const struct expectation *expected, uint64_t deadline)
{
	session_request_early(
		domain, HOTSLOT_REQUEST_EXPECT, expect_arguments(domain, expected), deadline);
}

void guest_expect_no_more(struct hotslot_domain *domain, const struct expectation *expected)
{
	session_forget_early(domain, HOTSLOT_REQUEST_EXPECT, expect_arguments(domain, expected));
}

int guest_expect(struct hotslot_domain *domain, const struct expectation *expected,
	uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	const json_t *refusal, *result;
	json_t *answer;
	int r;

	r = session_request(domain, HOTSLOT_REQUEST_EXPECT, expect_arguments(domain, expected),
		deadline, &answer, error);
	if (r < 0) {
		if (error->code == HOTSLOT_ERROR_TIMEOUT)
			return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
				"The agent of domain %s did not confirm the disk in slot %u in "
				"time",
				domain->name, expected->slot);
		return r;
	}
	refusal = json_object_get(answer, "error");
	result = json_object_get(answer, "return");
	r = refusal ? not_expected(domain, expected->slot, refusal, error)
		    : guest_read_record(domain, json_object_get(result, "disk"), &record, error);
	if (r == 0 && domain_timing(domain))
		r = guest_read_clock(domain, result, &record->sample, error);
	json_decref(answer);
	if (r == 0)
		r = compare(domain, record, expected, error);
	if (r < 0)
		return r;
	session_set_taken(domain, expected->slot);
	*ret = steal_pointer(record);
	return 0;
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
		r = guest_refused(domain, execute, refusal, error);
	json_decref(answer);
	return r;
}

static json_t *place_arguments(uint64_t place)
{
	return json_pack("{s:I}", guest_place_key(place), (json_int_t)place);
}

int guest_take_back(struct hotslot_domain *domain, uint64_t place, uint64_t deadline,
	struct hotslot_error *error)
{
	return request_plain(
		domain, HOTSLOT_REQUEST_EXPECT, place_arguments(place), deadline, error);
}

void guest_take_back_later(struct hotslot_domain *domain, uint64_t place, uint64_t deadline)
{
	session_request_unanswered(
		domain, HOTSLOT_REQUEST_EXPECT, place_arguments(place), deadline);
}

static json_t *resize_arguments(uint64_t place, uint64_t bytes)
{
	return json_pack(
		"{s:I, s:I}", guest_place_key(place), (json_int_t)place, "size", (json_int_t)bytes);
}

void guest_resize_early(
	struct hotslot_domain *domain, uint64_t place, uint64_t bytes, uint64_t deadline)
{
	session_request_early(
		domain, HOTSLOT_REQUEST_RESIZE, resize_arguments(place, bytes), deadline);
}

void guest_resize_no_more(struct hotslot_domain *domain, uint64_t place, uint64_t bytes)
{
	session_forget_early(domain, HOTSLOT_REQUEST_RESIZE, resize_arguments(place, bytes));
}

/* The disk may have been replaced while it was resized; and it is the guest. */
static int compare_resized(const struct hotslot_domain *domain, const struct record *record,
	const struct record *before, uint64_t bytes, struct hotslot_error *error)
{
	const struct hotslot_disk *disk = &record->disk, *old = &before->disk;

	if (record->place != before->place || disk->size != bytes ||
		strcmp(disk->state, "present") != 0)
		return guest_malformed(domain, error, "not the disk of that size");
	if (strcmp(disk->serial ?: "", old->serial ?: "") == 0 && disk->read_only == old->read_only)
		return 0;
	return error_set(error, HOTSLOT_ERROR_MISMATCH,
		"The guest of domain %s now shows another disk %s: serial %s%s, not serial %s%s",
		domain->name, place_locate(record->place).text, disk->serial ?: "none",
		disk->read_only ? ", read-only" : "", old->serial ?: "none",
		old->read_only ? ", read-only" : "");
}

static int read_resized(struct hotslot_domain *domain, const struct record *before, uint64_t bytes,
	const json_t *answer, struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	const json_t *refusal = json_object_get(answer, "error");
	int r;

	if (refusal && guest_refused_as(refusal, HOTSLOT_CLASS_TIMEOUT))
		return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
			"The guest of domain %s did not see the new size of the disk %s in time",
			domain->name, place_locate(before->place).text);
	if (refusal)
		return guest_refused(domain, HOTSLOT_REQUEST_RESIZE, refusal, error);
	r = guest_read_record(
		domain, json_object_get(json_object_get(answer, "return"), "disk"), &record, error);
	if (r == 0)
		r = compare_resized(domain, record, before, bytes, error);
	if (r < 0)
		return r;
	*ret = steal_pointer(record);
	return 0;
}

int guest_resize(struct hotslot_domain *domain, const struct record *before, uint64_t bytes,
	uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	json_t *answer;
	int r = session_request(domain, HOTSLOT_REQUEST_RESIZE,
		resize_arguments(before->place, bytes), deadline, &answer, error);

	if (r < 0 && error->code == HOTSLOT_ERROR_TIMEOUT)
		return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
			"The agent of domain %s did not confirm the new size of the disk %s in "
			"time",
			domain->name, place_locate(before->place).text);
	if (r < 0)
		return r;
	r = read_resized(domain, before, bytes, answer, ret, error);
	json_decref(answer);
	return r;
}

int guest_shutdown(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	return request_plain(domain, HOTSLOT_REQUEST_SHUTDOWN,
		json_pack("{s:s}", "mode", "powerdown"), deadline, error);
}
