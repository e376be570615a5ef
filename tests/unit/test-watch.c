/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of the disks that are watched: each change once, and none that is none. */
#include "watch-machine.h"

#define STEPS 4000

/* Time enough for host and guest to agree. */
#define LATER (10 * WATCH_SETTLE_MS)

static void test_the_inventory_is_told_first_and_what_is_the_same_not_again(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	attach(&machine, 3);
	begin(&model, &machine, &told);
	CHECK_TOLD(&told, "disk 1 1", "disk 3 2");
	take_inventory(&model, &machine, false);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told);
	take_disk(&model, &machine, 1);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told);
	machine.size[1] = 1024;
	take_disk(&model, &machine, 1);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-changed 1 1");
	watch_model_done(&model);
}

static void test_host_and_guest_are_waited_for_whoever_comes_first(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin(&model, &machine, &told);
	attach(&machine, 1);
	take_disk(&model, &machine, 1);
	assert_int_equal(tell(&model, &machine, &told), machine.now + WATCH_SETTLE_MS);
	CHECK_TOLD(&told);
	take_xml(&model, &machine);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-added 1 1");
	assert_true(told.attached[1]);
	take_removal(&model, &machine, 1);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told);
	machine.host[1] = 0;
	take_xml(&model, &machine);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-removed 1 1");
	assert_false(model.look);
	watch_model_done(&model);
}

static void test_what_only_one_of_them_has_is_told_after_a_fresh_look(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	begin(&model, &machine, &told);
	attach(&machine, 1);
	machine.guest[1] = 0;
	take_xml(&model, &machine);
	tell(&model, &machine, &told);
	machine.now += WATCH_SETTLE_MS;
	tell(&model, &machine, &told);
	CHECK_TOLD(&told);
	assert_true(model.look);
	take_inventory(&model, &machine, false);
	assert_int_equal(tell(&model, &machine, &told), UINT64_MAX);
	CHECK_TOLD(&told, "disk-added 1 0");
	assert_false(told.visible[1]);
	machine.guest[1] = 1;
	take_disk(&model, &machine, 1);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told, "disk-changed 1 1");
	watch_model_done(&model);
}

static void test_another_disk_in_the_same_place_is_a_removal_first(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	attach(&machine, 0);
	begin(&model, &machine, &told);
	attach(&machine, 1);
	attach(&machine, 0);
	take_inventory(&model, &machine, false);
	tell(&model, &machine, &told);
	CHECK_TOLD(
		&told, "disk-removed 0 2", "disk-removed 1 1", "disk-added 0 4", "disk-added 1 3");
	/* After a reset the guest counts anew. */
	take_inventory(&model, &machine, true);
	tell(&model, &machine, &told);
	CHECK_TOLD(
		&told, "disk-removed 0 4", "disk-removed 1 3", "disk-added 0 4", "disk-added 1 3");
	watch_model_done(&model);
}

static void test_events_from_before_the_inventory_are_in_it(void **state)
{
	struct watch_model model = {};
	struct machine machine = {}, before;
	struct told told = {};

	(void)state;
	attach(&machine, 1);
	machine.seq = 5;
	before = machine;
	machine.size[1] = 4096;
	machine.seq = 6;
	begin(&model, &machine, &told);
	assert_int_equal(watch_model_take_disk(&model, make_record(&before, 1)), 0);
	tell(&model, &machine, &told);
	CHECK_TOLD(&told);
	watch_model_take_removal(&model, 1, 1, 6);
	/* A disk that is gone already is not the one that came after it. */
	watch_model_take_removal(&model, 1, 77, 7);
	assert_int_equal(tell(&model, &machine, &told), UINT64_MAX);
	CHECK_TOLD(&told);
	watch_model_done(&model);
}

static void test_the_systems_own_disks_are_none(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct told told = {};
	struct record *record = record_new(SLOT_SYSTEM_TARGET, 0);

	(void)state;
	attach(&machine, 2);
	machine.guest[2] = 0;
	begin(&model, &machine, &told);
	CHECK_TOLD(&told, "disk 2 0");
	record->disk.visible = true;
	record->seq = 1;
	assert_int_equal(watch_model_take_disk(&model, record), 0);
	model.hidden = (struct guest_hidden){ .count = 1, .places = { 2 } };
	take_xml(&model, &machine);
	machine.now += LATER;
	assert_int_equal(tell(&model, &machine, &told), UINT64_MAX);
	CHECK_TOLD(&told, "disk-removed 2 0");
	watch_model_done(&model);
}

static void check_agrees(const struct told *told, const struct machine *machine)
{
	for (unsigned i = 0; i < PLACES; i++) {
		assert_int_equal(told->known[i], machine->host[i] || machine->guest[i]);
		if (!told->known[i])
			continue;
		assert_int_equal(told->attached[i], machine->host[i] != 0);
		assert_int_equal(told->visible[i], machine->guest[i] != 0);
		assert_int_equal(told->number[i], machine->guest[i]);
		if (machine->guest[i])
			assert_int_equal(told->size[i], machine->size[i]);
	}
}

/* Tells, and looks afresh when the model wants that, until there is no more to tell. */
static void settle(struct watch_model *model, struct machine *machine, struct told *told)
{
	for (int i = 0; i < 3; i++) {
		machine->now += LATER;
		if (model->look)
			take_inventory(model, machine, false);
		tell(model, machine, told);
	}
}

static void step(struct watch_model *model, struct machine *machine, struct generator *generator)
{
	unsigned i = next_number(generator, PLACES);

	switch (next_number(generator, 8)) {
	case 0: /* the host first */
		if (!machine->host[i] && !machine->guest[i])
			machine->host[i] = ++machine->last;
		break;
	case 1: /* the guest after it, or a guest that lies */
		if (!machine->guest[i]) {
			machine->guest[i] = machine->host[i] ?: ++machine->last;
			machine->size[i] = 512;
			take_disk(model, machine, i);
		}
		break;
	case 2:
		if (machine->guest[i])
			take_removal(model, machine, i);
		break;
	case 3:
		machine->host[i] = 0;
		break;
	case 4:
		machine->size[i] += 512;
		if (machine->guest[i])
			take_disk(model, machine, i);
		break;
	case 5:
		take_xml(model, machine);
		break;
	case 6: /* events were lost */
		attach(machine, i);
		take_inventory(model, machine, false);
		break;
	default:
		machine->now += next_number(generator, WATCH_SETTLE_MS);
		break;
	}
}

static void test_any_sequence_ends_with_what_there_is(void **state)
{
	struct watch_model model = {};
	struct machine machine = {};
	struct generator generator;
	struct told told = {};

	(void)state;
	seed_generator(&generator);
	begin(&model, &machine, &told);
	for (unsigned i = 0; i < STEPS; i++) {
		step(&model, &machine, &generator);
		if (next_number(&generator, 3) == 0)
			tell(&model, &machine, &told);
		if (next_number(&generator, 20) == 0) {
			take_xml(&model, &machine);
			settle(&model, &machine, &told);
			check_agrees(&told, &machine);
		}
	}
	watch_model_done(&model);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_inventory_is_told_first_and_what_is_the_same_not_again),
		cmocka_unit_test(test_host_and_guest_are_waited_for_whoever_comes_first),
		cmocka_unit_test(test_what_only_one_of_them_has_is_told_after_a_fresh_look),
		cmocka_unit_test(test_another_disk_in_the_same_place_is_a_removal_first),
		cmocka_unit_test(test_events_from_before_the_inventory_are_in_it),
		cmocka_unit_test(test_the_systems_own_disks_are_none),
		cmocka_unit_test(test_any_sequence_ends_with_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
