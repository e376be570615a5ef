/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a guest for times and for its clock. */
#include "guest-clock.h"

#include "error.h"
#include "json.h"
#include "session.h"

/* The fastest of some answers is nearly as fast as they get. */
#define COMPARISONS 8

/* An agent that does not answer holds up a command for this long, and the grace of the request. */
#define COMPARE_MS 1000

void guest_ask_times(const struct hotslot_domain *domain, json_t *arguments)
{
	if (domain_timing(domain))
		(void)json_object_set_new(arguments, "timing", json_true());
}

int guest_read_clock(const struct hotslot_domain *domain, const json_t *result,
	struct clock_sample *ret, struct hotslot_error *error)
{
	const json_t *clock = json_object_get(result, "clock");
	struct clock_sample sample = {};

	if (clock && (json_get_u64(clock, "asked", INT64_MAX, &sample.asked) < 0 ||
			     json_get_u64(clock, "answered", INT64_MAX, &sample.answered) < 0))
		return guest_malformed(domain, error, "its clock");
	session_exchanged(domain, &sample.sent, &sample.received);
	*ret = sample;
	return 0;
}

int guest_add_times(const struct hotslot_domain *domain, const json_t *result,
	struct record *record, struct hotslot_error *error)
{
	int r;

	if (!domain_timing(domain))
		return 0;
	r = guest_read_clock(domain, result, &record->sample, error);
	if (r < 0)
		return r;
	if (record_add_timeline(record) < 0)
		return error_memory(error);
	timeline_of_disk(&record->moments, record->sample.answered, record->timeline);
	return 0;
}

static int compare_once(struct hotslot_domain *domain, uint64_t deadline, struct clock_line *line)
{
	struct hotslot_error ignored = {};
	struct clock_sample sample;
	json_t *answer;
	int r = session_request(domain, HOTSLOT_REQUEST_PING, json_pack("{s:b}", "timing", true),
		deadline, &answer, &ignored);

	if (r < 0)
		return r;
	r = guest_read_clock(domain, json_object_get(answer, "return"), &sample, &ignored);
	json_decref(answer);
	if (r == 0)
		clock_line_narrow(line, &sample);
	return r;
}

void guest_compare_clocks(struct hotslot_domain *domain, uint64_t deadline, struct clock_line *line)
{
	uint64_t until = earlier(deadline, now_ms() + COMPARE_MS);
	int r = 0;

	for (int i = 0; r == 0 && i < COMPARISONS; i++)
		r = now_ms() < until ? compare_once(domain, until, line) : -ETIMEDOUT;
}
