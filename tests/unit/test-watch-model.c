/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a watcher takes for the same disk, for agreement, and for too much. */
#include "watch-machine.h"

/* Two of these are not too much, three are. */
#define BIG (RECORDS_MEMORY_MAX * 2 / 5)

/* Nothing about the disk is different but what DIFFERENT is a part of. */
static void check_is_another(uint64_t *different, struct machine *machine)
{
	struct watch_model model = {};
	struct told told = {};
	char removed[64], added[64];
	unsigned long long before = machine->guest[1];

	begin(&model, machine, &told);
	snprintf(removed, sizeof(removed), "disk-removed 1 %llu", before);
	*different += 1;
	snprintf(added, sizeof(added), "disk-added 1 %llu", (unsigned long long)machine->guest[1]);
	take_inventory(&model, machine, false);
	tell(&model, machine, &told);
	CHECK_TOLD(&told, removed, added);
	watch_model_done(&model);
}

static void test_another_diskseq_or_serial_alone_is_another_disk(void **state)
{
	struct machine machine = {};

	(void)state;
	attach(&machine, 1);
	machine.host_serial[1] = machine.guest_serial[1] = 7;
	check_is_another(&machine.guest[1], &machine);
	machine.host[1] = 0; /* so that host and guest agree as before */
	check_is_another(&machine.guest_serial[1], &machine);
}

static void test_another_alias_or_serial_of_one_that_is_not_seen_is_another_disk(void **state)
{
	struct machine machine = {};

	(void)state;
	attach(&machine, 1);
	machine.guest[1] = 0;
	machine.host_serial[1] = 7;
	check_is_another(&machine.host[1], &machine);
	check_is_another(&machine.host_serial[1], &machine);
}

static void test_another_serial_than_the_hosts_is_waited_for(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin(&model, &machine, &told);
	attach(&machine, 1);
	machine.guest_serial[1] = 7;
	take_inventory(&model, &machine, false);
	assert_int_equal(tell(&model, &machine, &told), machine.now + WATCH_SETTLE_MS);
	CHECK_TOLD(&told);
	watch_model_done(&model);
}

/* As of a disk that the host has and the guest does not show. */
static void begin_hold(struct watch_model *model, struct machine *machine, struct told *told)
{
	begin(model, machine, told);
	attach(machine, 1);
	machine->guest[1] = 0;
	take_xml(model, machine);
	assert_int_equal(tell(model, machine, told), machine->now + WATCH_SETTLE_MS);
}

static void test_after_nobody_could_be_asked_they_have_their_time_anew(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin_hold(&model, &machine, &told);
	machine.now += WATCH_SETTLE_MS;
	tell(&model, &machine, &told);
	watch_model_settle(&model);
	take_inventory(&model, &machine, false);
	assert_int_equal(tell(&model, &machine, &told), machine.now + WATCH_SETTLE_MS);
	CHECK_TOLD(&told);
	watch_model_done(&model);
}

static void test_who_connects_is_ready_when_what_did_not_agree_was_told(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};
	uint64_t since;

	(void)state;
	begin_hold(&model, &machine, &told);
	since = machine.now;
	assert_false(watch_model_is_settled(&model, since));
	/* What comes later is no part of it. */
	assert_true(watch_model_is_settled(&model, since - 1));
	machine.now += WATCH_SETTLE_MS;
	tell(&model, &machine, &told);
	assert_false(watch_model_is_settled(&model, since));
	take_inventory(&model, &machine, false);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-added 1 0");
	assert_true(watch_model_is_settled(&model, since));
	watch_model_done(&model);
}

static void test_what_was_told_to_be_so_is_not_waited_for(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	machine.guest[1] = 0;
	begin(&model, &machine, &told);
	take_xml(&model, &machine);
	assert_true(tell(&model, &machine, &told) == UINT64_MAX);
	machine.host[1] = ++machine.last;
	take_xml(&model, &machine);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-removed 1 0", "disk-added 1 0");
	watch_model_done(&model);
}

static void test_each_time_that_they_do_not_agree_is_waited_for(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin_hold(&model, &machine, &told);
	machine.now += WATCH_SETTLE_MS;
	tell(&model, &machine, &told);
	take_inventory(&model, &machine, false);
	tell(&model, &machine, &told);
	machine.guest[1] = 1;
	take_disk(&model, &machine, 1);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-changed 1 1");
	take_removal(&model, &machine, 1);
	assert_int_equal(tell(&model, &machine, &told), machine.now + WATCH_SETTLE_MS);
	CHECK_TOLD(&told);
	watch_model_done(&model);
}

static void test_of_what_is_gone_nothing_is_kept(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	attach(&machine, 2);
	begin(&model, &machine, &told);
	assert_int_equal(model.count, 2);
	assert_false(model.entries[0].dirty || model.entries[1].dirty);
	machine.host[1] = machine.guest[1] = 0;
	take_inventory(&model, &machine, false);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-removed 1 1");
	assert_int_equal(model.count, 1);
	watch_model_done(&model);
}

static void test_an_inventory_is_all_that_the_guest_shows(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	machine.host[1] = 0; /* only the guest says so */
	begin(&model, &machine, &told);
	CHECK_TOLD(&told, "disk 1 1");
	machine.guest[1] = 0;
	model.look = true;
	take_inventory(&model, &machine, false);
	assert_false(model.look);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-removed 1 1");
	watch_model_done(&model);
}

static void test_a_guest_that_cannot_tell_what_it_hides_is_asked_again(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin(&model, &machine, &told);
	attach(&machine, 1);
	take_disk(&model, &machine, 1);
	assert_false(model.look);
	model.hidden.undecided = true;
	take_disk(&model, &machine, 1);
	assert_true(model.look);
	watch_model_done(&model);
}

static void test_the_hosts_system_disk_is_none(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};
	struct domain_xml *xml = make_xml(&machine);
	const struct xml_disk disk = { .scsi = true, .target = SLOT_SYSTEM_TARGET };

	(void)state;
	begin(&model, &machine, &told);
	xml->controller = 0;
	assert_int_equal(domain_xml_add(xml, &disk), 0);
	assert_int_equal(watch_model_take_xml(&model, xml), 0);
	assert_int_equal(model.count, 0);
	assert_true(tell(&model, &machine, &told) == UINT64_MAX);
	CHECK_TOLD(&told);
	watch_model_done(&model);
}

static int take_big(struct watch_model *model, struct machine *machine, unsigned i)
{
	struct record *record;

	machine->seq++;
	record = make_record(machine, i);
	record->memory = BIG;
	return watch_model_take_disk(model, record);
}

static void test_a_guest_has_only_so_much_to_say(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin(&model, &machine, &told);
	for (unsigned i = 0; i < 3; i++)
		attach(&machine, i);
	/* What is said anew is in the place of what was said. */
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(take_big(&model, &machine, 0), 0);
	assert_int_equal(model.memory, BIG);
	assert_int_equal(take_big(&model, &machine, 1), 0);
	assert_int_equal(take_big(&model, &machine, 2), -E2BIG);
	take_removal(&model, &machine, 1);
	assert_int_equal(take_big(&model, &machine, 2), 0);
	watch_model_done(&model);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_diskseq_or_serial_alone_is_another_disk),
		cmocka_unit_test(
			test_another_alias_or_serial_of_one_that_is_not_seen_is_another_disk),
		cmocka_unit_test(test_another_serial_than_the_hosts_is_waited_for),
		cmocka_unit_test(test_after_nobody_could_be_asked_they_have_their_time_anew),
		cmocka_unit_test(test_who_connects_is_ready_when_what_did_not_agree_was_told),
		cmocka_unit_test(test_what_was_told_to_be_so_is_not_waited_for),
		cmocka_unit_test(test_each_time_that_they_do_not_agree_is_waited_for),
		cmocka_unit_test(test_of_what_is_gone_nothing_is_kept),
		cmocka_unit_test(test_an_inventory_is_all_that_the_guest_shows),
		cmocka_unit_test(test_a_guest_that_cannot_tell_what_it_hides_is_asked_again),
		cmocka_unit_test(test_the_hosts_system_disk_is_none),
		cmocka_unit_test(test_a_guest_has_only_so_much_to_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
