/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line for a turn, and the file that it is in: who leaves, and who comes back. */
#include "test.h"

#include "loop.h"
#include "turn.h"

#define UUID "12345678-1234-1234-1234-123456789abc"

static struct tree runtime;

static void on_poked(void *data)
{
	(void)data;
}

static struct turn *new_turn(void)
{
	struct turn *turn = turn_new(UUID, on_poked, NULL);

	assert_non_null(turn);
	return turn;
}

static int try(struct turn *turn)
{
	uint64_t again;

	return turn_try(turn, &again);
}

static bool has_file(void)
{
	return faccessat(runtime.fd, "hotslot/" UUID, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Or whoever comes next would make another one, and two would have the turn. */
static void test_who_leaves_the_line_leaves_the_file_to_who_has_the_turn(void **state)
{
	struct turn *holder = new_turn(), *waiter = new_turn(), *next = new_turn();

	(void)state;
	assert_int_equal(try(holder), 0);
	turn_queue(waiter);
	assert_int_equal(try(waiter), -EAGAIN);
	turn_give(waiter);
	assert_true(has_file());
	assert_int_equal(try(next), -EAGAIN);
	turn_free(next);
	assert_true(has_file());
	turn_free(waiter);
	turn_free(holder);
	assert_false(has_file());
}

/* Who tries once more goes to the line of the file that there is now, and is in front of who comes
 * later. */
static void test_who_waits_keeps_a_place_when_the_file_is_removed(void **state)
{
	struct turn *holder = new_turn(), *waiter = new_turn(), *late = new_turn();

	(void)state;
	turn_queue(waiter);
	assert_int_equal(unlinkat(runtime.fd, "hotslot/" UUID, 0), 0);
	assert_int_equal(try(holder), 0);
	assert_false(turn_is_wanted(holder));
	assert_int_equal(try(waiter), -EAGAIN);
	assert_true(turn_is_wanted(holder));
	turn_give(holder);
	assert_int_equal(try(late), -EAGAIN);
	assert_int_equal(try(waiter), 0);
	turn_free(waiter);
	turn_free(late);
	turn_free(holder);
	assert_false(has_file());
}

static int set_up(void **state)
{
	(void)state;
	make_tree(&runtime);
	return setenv("XDG_RUNTIME_DIR", runtime.path, 1) == 0 ? loop_start() : -1;
}

static int tear_down(void **state)
{
	(void)state;
	remove_tree(&runtime);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_leaves_the_line_leaves_the_file_to_who_has_the_turn),
		cmocka_unit_test(test_who_waits_keeps_a_place_when_the_file_is_removed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
