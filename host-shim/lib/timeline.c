/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the time of an attach went, and that of a disk's coming. */
#include "timeline.h"

#include "util.h"

/* A moment on the line, in microseconds since its beginning; below 0: not known. */
#define UNKNOWN (-1)

static double to_ms(int64_t us)
{
	return (double)us / 1e3;
}

/* A phase from START to END; both must be known, and in order. */
static void add(struct timeline *timeline, const char *name, int64_t start, int64_t end)
{
	struct hotslot_phase *phase = &timeline->phases[timeline->times.n_phases++];

	*phase = (struct hotslot_phase){ .name = name };
	if (start < 0 || end < start)
		return;
	phase->known = true;
	phase->start = to_ms(start);
	phase->duration = to_ms(end - start);
}

/* The latest of those that are known of what comes before a phase. */
static int64_t after(int64_t udev, int64_t kernel)
{
	return udev >= 0 ? udev : kernel;
}

/* Each of those that are known is no earlier than those before it, and no later than NOW. */
static bool are_in_order(const struct moments *guest, uint64_t now)
{
	const uint64_t order[] = { guest->expected, guest->kernel, guest->udev, guest->link,
		guest->report, now };
	uint64_t last = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (order[i] > 0 && order[i] < last)
			return false;
		last = order[i] > 0 ? order[i] : last;
	}
	return true;
}

static void begin(struct timeline *timeline, enum hotslot_told told)
{
	*timeline = (struct timeline){ .times = { .told = told } };
	timeline->times.phases = timeline->phases;
}

/* ---- an attach ---- */

struct placing {
	const struct clock_line *line;
	int64_t start, first, last; /* on the host's clock: of the line, and what can be */
	bool impossible;
};

/* What was before the attach is not of it: the guest had the disk already. */
static int64_t place(struct placing *placing, uint64_t moment)
{
	int64_t error = clock_line_error(placing->line), at;

	if (moment == 0)
		return UNKNOWN;
	if (clock_line_place(placing->line, moment, &at) < 0 || at > placing->last + error) {
		placing->impossible = true;
		return UNKNOWN;
	}
	if (at < placing->first - error)
		return UNKNOWN;
	at = at < placing->first ? placing->first : at;
	return (at < placing->last ? at : placing->last) - placing->start;
}

static void add_host(struct timeline *timeline, const struct attach_moments *attach)
{
	int64_t call = (int64_t)(attach->call - attach->start);
	int64_t called = (int64_t)(attach->called - attach->start);

	add(timeline, "check", 0, call);
	add(timeline, "libvirt", call, called);
	add(timeline, "verify", called, (int64_t)(attach->verified - attach->start));
}

void timeline_of_attach(const struct attach_moments *attach, const struct moments *guest,
	const struct clock_line *line, uint64_t received, struct timeline *ret)
{
	struct placing placing = { .line = line,
		.start = (int64_t)attach->start,
		.first = (int64_t)attach->call,
		.last = (int64_t)received };
	int64_t kernel = UNKNOWN, udev = UNKNOWN, links = UNKNOWN;

	begin(ret, guest->told ? HOTSLOT_TOLD : HOTSLOT_TOLD_NOTHING);
	ret->times.age = UNKNOWN;
	ret->times.total = to_ms((int64_t)(attach->end - attach->start));
	if (guest->told && line && are_in_order(guest, UINT64_MAX)) {
		kernel = place(&placing, guest->kernel);
		udev = place(&placing, guest->udev);
		links = place(&placing, guest->link);
		ret->times.error = to_ms(clock_line_error(line));
	} else if (guest->told) {
		placing.impossible = true;
	}
	if (placing.impossible) {
		ret->times.told = HOTSLOT_TOLD_IMPOSSIBLE;
		ret->times.error = 0;
		kernel = udev = links = UNKNOWN;
	}
	add_host(ret, attach);
	/* QEMU plugs it in somewhere in the call; the kernel scans from then on. */
	add(ret, "kernel", kernel < 0 ? UNKNOWN : placing.first - placing.start, kernel);
	add(ret, "udev", kernel, udev);
	add(ret, "link", after(udev, kernel), links);
	add(ret, "report", links, placing.last - placing.start);
}

/* ---- a disk that is there ---- */

static uint64_t first_of(const struct moments *guest)
{
	const uint64_t order[] = { guest->expected, guest->kernel, guest->udev, guest->link };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] > 0)
			return order[i];
	return 0;
}

static int64_t since_first(const struct moments *guest, uint64_t moment)
{
	return moment > 0 ? (int64_t)(moment - first_of(guest)) : UNKNOWN;
}

void timeline_of_disk(const struct moments *guest, uint64_t now, struct timeline *ret)
{
	struct moments known = *guest;
	uint64_t there;
	int64_t expected, kernel, udev, links, report;

	begin(ret, guest->told ? HOTSLOT_TOLD : HOTSLOT_TOLD_NOTHING);
	if (!are_in_order(guest, now)) {
		ret->times.told = HOTSLOT_TOLD_IMPOSSIBLE;
		known = (struct moments){};
	}
	expected = since_first(&known, known.expected);
	kernel = since_first(&known, known.kernel);
	udev = since_first(&known, known.udev);
	links = since_first(&known, known.link);
	report = since_first(&known, known.report);
	there = known.link ?: known.udev ?: known.kernel;
	ret->times.age = there ? to_ms((int64_t)(now - there)) : UNKNOWN;
	ret->times.total = expected < 0 || report < 0 ? 0 : to_ms(report - expected);
	add(ret, "kernel", expected, kernel);
	add(ret, "udev", kernel, udev);
	add(ret, "link", after(udev, kernel), links);
	add(ret, "report", links, report);
}
