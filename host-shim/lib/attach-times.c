/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long an attach took, and where the time went. */
#include "attach-work.h"
#include "guest-clock.h"
#include "options.h"

static double ms_between(uint64_t from, uint64_t to)
{
	return (double)(int64_t)(to - from) / 1e3;
}

/* Without memory there are none. */
static void add_timeline(struct attach *attach)
{
	struct record *record = attach->record;
	uint64_t deadline = deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
	struct clock_line line;
	bool known;

	if (record_add_timeline(record) < 0)
		return;
	known = record->moments.told && clock_line_begin(&record->sample, &line) == 0;
	if (known)
		guest_compare_clocks(attach->domain, deadline, &line);
	timeline_of_attach(&attach->moments, &record->moments, known ? &line : NULL,
		record->sample.received, record->timeline);
}

void attach_add_times(struct attach *attach)
{
	const struct attach_moments *moments = &attach->moments;
	struct hotslot_disk *disk = &attach->record->disk;

	if (attach->drive.reserved)
		return;
	disk->timing.total = ms_between(moments->start, moments->end);
	/* To the definition alone, libvirt attaches nothing. */
	if (moments->call == 0)
		return;
	disk->timing.attach = ms_between(moments->call, moments->called);
	disk->timing.confirm = ms_between(moments->called, moments->confirmed);
	if (domain_timing(attach->domain))
		add_timeline(attach);
}
