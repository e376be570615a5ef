/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timing-text.h and disk-json.c: what a person and a program read of where the time went. */
#include "output.h"
#include "timing-text.h"

/* It has a macro that a function of theirs is called like. */
#include "test.h"

static const struct hotslot_phase phases[] = {
	{ "check", true, 0, 5 },
	{ "libvirt", true, 5, 5.25 },
	{ "kernel", true, 5, 10 },
	{ "udev", false, 0, 0 },
	{ "link", true, 15, 0.0004 },
	{ "report", true, 19.9999, 0.0001 },
};

static struct hotslot_times times = { HOTSLOT_TOLD, 20, 0.125, -1, ARRAY_SIZE(phases), phases };
static struct hotslot_disk disk = { .slot = 7, .name = "sdb", .serial = "s", .times = &times };

static char *text;
static size_t text_size;

static void check_text(const char *expected)
{
	print_message("%s", text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_an_attach_is_a_table_with_bars(void **state)
{
	FILE *f = open_memstream(&text, &text_size);

	(void)state;
	timing_print_attach(&disk, f);
	fclose(f);
	check_text("slot 7      START/ms     TOOK/ms\n"
		   "check          0.000       5.000  ########\n"
		   "libvirt        5.000       5.250          ########\n"
		   "kernel         5.000      10.000          ################\n"
		   "udev               -           -\n"
		   "link          15.000       0.000                          #\n"
		   "report        20.000       0.000                                 #\n"
		   "total          0.000      20.000\n"
		   "what the guest tells is right to 0.125 ms\n");
}

static void test_disks_are_a_table(void **state)
{
	static const struct hotslot_phase known[] = {
		{ "kernel", true, 0, 6.5 },
		{ "udev", false, 0, 0 },
		{ "link", true, 6.5, 0.25 },
		{ "report", true, 6.75, 0.125 },
	};
	static struct hotslot_times old = { HOTSLOT_TOLD, 6.875, 0, 7300e3, 4, known };
	static struct hotslot_times young = { HOTSLOT_TOLD, 6.875, 0, 59900, 4, known };
	struct hotslot_disk all[] = {
		{ .slot = 0, .name = "sda", .serial = "a", .times = &young },
		{ .slot = 1, .name = "sdb", .serial = "b", .times = &old },
		{ .slot = -1 },
	};
	struct hotslot_disk *disks[] = { &all[0], &all[1], &all[2] };
	const struct selection selection = { .disks = disks, .n_disks = ARRAY_SIZE(disks) };
	FILE *f = open_memstream(&text, &text_size);

	(void)state;
	assert_int_equal(timing_print_list(&selection, f), 0);
	fclose(f);
	check_text("SLOT  NAME    AGE  KERNEL/ms  UDEV/ms  LINK/ms  REPORT/ms  TOTAL/ms  SERIAL\n"
		   "   0  sda   59.9s      6.500        -    0.250      0.125     6.875  a\n"
		   "   1  sdb      2h      6.500        -    0.250      0.125     6.875  b\n"
		   "   -  -         -          -        -        -          -         -  -\n");
}

static void check_json(const char *expected)
{
	json_t *object = disk_json(&disk);
	_cleanup_free_ char *actual = json_dumps(
		json_object_get(object, "timing"), JSON_COMPACT | JSON_REAL_PRECISION(7));

	assert_string_equal(actual, expected);
	json_decref(object);
}

static void test_json_has_the_same(void **state)
{
	(void)state;
	check_json("{\"guest\":\"told\",\"total-ms\":20.0,\"error-ms\":0.125,\"age-ms\":null,"
		   "\"phases\":{\"check\":{\"start-ms\":0.0,\"duration-ms\":5.0},"
		   "\"libvirt\":{\"start-ms\":5.0,\"duration-ms\":5.25},"
		   "\"kernel\":{\"start-ms\":5.0,\"duration-ms\":10.0},\"udev\":null,"
		   "\"link\":{\"start-ms\":15.0,\"duration-ms\":0.0004},"
		   "\"report\":{\"start-ms\":19.9999,\"duration-ms\":0.0001}}}");
	times = (struct hotslot_times){ .told = HOTSLOT_TOLD_IMPOSSIBLE, .age = 0 };
	check_json("{\"guest\":\"impossible\",\"total-ms\":null,\"error-ms\":null,\"age-ms\":0.0,"
		   "\"phases\":{}}");
	assert_non_null(timing_problem(&times));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_attach_is_a_table_with_bars),
		cmocka_unit_test(test_disks_are_a_table),
		cmocka_unit_test(test_json_has_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
