/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timeline.h: phases of an attach, and of a disk's coming, by clocks that may lie. */
#include "test.h"

#include "timeline.h"

/* The guest's clock is 99,000 behind ours, give or take 100. */
static const struct clock_line line = { .host = 100000, .guest = 1000, .low = -100, .high = 100 };
#define GUEST(host) ((host)-99000)

#define RECEIVED 112000

static const struct attach_moments attach = {
	.start = 90000,
	.call = 101000,
	.called = 105000,
	.verified = 106000,
	.confirmed = 112100,
	.end = 112500,
};

static const struct moments honest = {
	.told = true,
	.expected = GUEST(100500),
	.kernel = GUEST(107000),
	.udev = GUEST(109000),
	.link = GUEST(110000),
};

static void check_phase(
	const struct timeline *timeline, const char *name, double start, double duration)
{
	for (size_t i = 0; i < timeline->times.n_phases; i++) {
		const struct hotslot_phase *phase = &timeline->times.phases[i];

		if (strcmp(phase->name, name))
			continue;
		print_message("%s %d %f %f\n", name, phase->known, phase->start, phase->duration);
		assert_true(phase->known == (duration >= 0));
		assert_true(duration < 0 || (phase->start == start && phase->duration == duration));
		return;
	}
	fail();
}

#define UNKNOWN (-1)

static void test_the_phases_of_an_attach_are_on_one_line(void **state)
{
	struct timeline timeline;

	(void)state;
	timeline_of_attach(&attach, &honest, &line, RECEIVED, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD);
	assert_true(timeline.times.total == 22.5);
	assert_true(timeline.times.error == 0.1);
	assert_true(timeline.times.age < 0);
	assert_int_equal(timeline.times.n_phases, 7);
	check_phase(&timeline, "check", 0, 11);
	check_phase(&timeline, "libvirt", 11, 4);
	check_phase(&timeline, "verify", 15, 1);
	check_phase(&timeline, "kernel", 11, 6);
	check_phase(&timeline, "udev", 17, 2);
	check_phase(&timeline, "link", 19, 1);
	check_phase(&timeline, "report", 20, 2);
}

static void test_where_udevd_has_no_part_the_link_follows_the_kernel(void **state)
{
	struct moments guest = honest;
	struct timeline timeline;

	(void)state;
	guest.udev = 0;
	timeline_of_attach(&attach, &guest, &line, RECEIVED, &timeline);
	check_phase(&timeline, "udev", 0, UNKNOWN);
	check_phase(&timeline, "link", 17, 3);
}

static void check_host_alone(const struct timeline *timeline, enum hotslot_told told)
{
	assert_int_equal(timeline->times.told, told);
	assert_true(timeline->times.total == 22.5);
	assert_true(timeline->times.error == 0);
	check_phase(timeline, "check", 0, 11);
	check_phase(timeline, "libvirt", 11, 4);
	check_phase(timeline, "kernel", 0, UNKNOWN);
	check_phase(timeline, "udev", 0, UNKNOWN);
	check_phase(timeline, "link", 0, UNKNOWN);
	check_phase(timeline, "report", 0, UNKNOWN);
}

static void test_an_older_agent_tells_nothing(void **state)
{
	struct timeline timeline;

	(void)state;
	timeline_of_attach(&attach, &(struct moments){}, NULL, RECEIVED, &timeline);
	check_host_alone(&timeline, HOTSLOT_TOLD_NOTHING);
}

static void test_what_cannot_be_is_not_shown(void **state)
{
	static const struct moments lies[] = {
		{ .told = true, .kernel = UINT64_MAX, .link = UINT64_MAX },
		{ .told = true, .kernel = INT64_MAX },
		{ .told = true, .kernel = GUEST(RECEIVED + 200) }, /* after its answer */
		{ .told = true, .kernel = GUEST(110000), .link = GUEST(109000) }, /* back */
		{ .told = true, .kernel = GUEST(107000), .udev = 1 },
		{ .told = true, .expected = GUEST(109000), .kernel = GUEST(108000) },
		{ .told = true, .link = GUEST(110000), .report = 5 },
	};
	struct timeline timeline;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		print_message("%zu\n", i);
		timeline_of_attach(&attach, &lies[i], &line, RECEIVED, &timeline);
		check_host_alone(&timeline, HOTSLOT_TOLD_IMPOSSIBLE);
	}
	/* Nor is anything where its clock is on no line. */
	timeline_of_attach(&attach, &honest, NULL, RECEIVED, &timeline);
	check_host_alone(&timeline, HOTSLOT_TOLD_IMPOSSIBLE);
}

/* Within the error of the clocks. */
static void test_no_phase_is_negative(void **state)
{
	const struct moments guest = {
		.told = true, .kernel = GUEST(attach.call - 50), .link = GUEST(RECEIVED + 50)
	};
	struct timeline timeline;

	(void)state;
	timeline_of_attach(&attach, &guest, &line, RECEIVED, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD);
	check_phase(&timeline, "kernel", 11, 0);
	check_phase(&timeline, "link", 11, 11);
	check_phase(&timeline, "report", 22, 0);
}

/* An attach that completes another one: the guest has the disk. */
static void test_a_disk_that_the_guest_knew_has_no_phases_there(void **state)
{
	const struct moments guest = { .told = true, .kernel = 50, .link = 60, .report = 70 };
	struct timeline timeline;

	(void)state;
	timeline_of_attach(&attach, &guest, &line, RECEIVED, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD);
	check_phase(&timeline, "libvirt", 11, 4);
	check_phase(&timeline, "kernel", 0, UNKNOWN);
	check_phase(&timeline, "link", 0, UNKNOWN);
	check_phase(&timeline, "report", 0, UNKNOWN);
}

/* ---- disks that are there ---- */

static void test_a_disk_that_is_there_goes_by_the_guest_alone(void **state)
{
	const struct moments guest = { true, 1000, 7500, 9000, 9600, 10100 };
	struct timeline timeline;

	(void)state;
	timeline_of_disk(&guest, 2009600, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD);
	assert_int_equal(timeline.times.n_phases, 4);
	assert_true(timeline.times.age == 2000);
	assert_true(timeline.times.total == 9.1);
	assert_true(timeline.times.error == 0);
	check_phase(&timeline, "kernel", 0, 6.5);
	check_phase(&timeline, "udev", 6.5, 1.5);
	check_phase(&timeline, "link", 8, 0.6);
	check_phase(&timeline, "report", 8.6, 0.5);
}

static void test_what_is_not_known_has_no_phase(void **state)
{
	const struct moments unexpected = { true, 0, 7500, 0, 9600, 0 }, found = { .told = true };
	struct timeline timeline;

	(void)state;
	timeline_of_disk(&unexpected, 9600, &timeline);
	assert_true(timeline.times.age == 0);
	assert_true(timeline.times.total == 0);
	check_phase(&timeline, "kernel", 0, UNKNOWN);
	check_phase(&timeline, "link", 0, 2.1);
	check_phase(&timeline, "report", 0, UNKNOWN);
	timeline_of_disk(&found, 9600, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD);
	assert_true(timeline.times.age < 0);
	timeline_of_disk(&(struct moments){}, 0, &timeline);
	assert_int_equal(timeline.times.told, HOTSLOT_TOLD_NOTHING);
	assert_true(timeline.times.age < 0);
}

static void test_a_disk_that_comes_in_the_future_is_impossible(void **state)
{
	static const struct moments lies[] = {
		{ true, 1, 2, 3, 4, 9601 },
		{ true, 0, UINT64_MAX, 0, 0, 0 },
		{ true, 5, 4, 0, 0, 0 },
	};
	struct timeline timeline;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		timeline_of_disk(&lies[i], 9600, &timeline);
		assert_int_equal(timeline.times.told, HOTSLOT_TOLD_IMPOSSIBLE);
		assert_true(timeline.times.age < 0 && timeline.times.total == 0);
		check_phase(&timeline, "kernel", 0, UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_phases_of_an_attach_are_on_one_line),
		cmocka_unit_test(test_where_udevd_has_no_part_the_link_follows_the_kernel),
		cmocka_unit_test(test_an_older_agent_tells_nothing),
		cmocka_unit_test(test_what_cannot_be_is_not_shown),
		cmocka_unit_test(test_no_phase_is_negative),
		cmocka_unit_test(test_a_disk_that_the_guest_knew_has_no_phases_there),
		cmocka_unit_test(test_a_disk_that_is_there_goes_by_the_guest_alone),
		cmocka_unit_test(test_what_is_not_known_has_no_phase),
		cmocka_unit_test(test_a_disk_that_comes_in_the_future_is_impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
