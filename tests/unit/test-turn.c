/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is among processes. */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "events.h"
#include "loop.h"
#include "turn-file.h"
#include "turn.h"

#define UUID "12345678-1234-1234-1234-123456789abc"

/* Somebody who wants the turn: a connection of his own, as it were. */
struct client {
	struct turn *turn;
	struct events *events;
	bool poked;
};

static struct tree runtime;

static void on_poked(void *data)
{
	struct client *client = data;

	pthread_mutex_lock(&client->events->lock);
	client->poked = true;
	events_notify(client->events);
	pthread_mutex_unlock(&client->events->lock);
}

static void client_init(struct client *client)
{
	*client = (struct client){ .events = events_new() };
	client->turn = turn_new(UUID, on_poked, client);
	assert_non_null(client->turn);
}

static void client_done(struct client *client)
{
	turn_free(client->turn);
	events_unref(client->events);
}

static int try(struct client *client)
{
	uint64_t again;

	return turn_try(client->turn, &again);
}

/* Waits until it is worth to look again; fails if nothing happens. */
static void await_poke(struct client *client)
{
	uint64_t deadline = now_ms() + 5000;

	pthread_mutex_lock(&client->events->lock);
	while (!client->poked && now_ms() < deadline)
		events_wait(client->events, deadline);
	assert_true(client->poked);
	client->poked = false;
	pthread_mutex_unlock(&client->events->lock);
}

/* The death of a holder may be told of a moment before the turn is free. */
static void await_turn(struct client *client)
{
	uint64_t deadline = now_ms() + 5000, again;

	pthread_mutex_lock(&client->events->lock);
	while (turn_try(client->turn, &again) < 0 && now_ms() < deadline)
		events_wait(client->events, again);
	pthread_mutex_unlock(&client->events->lock);
	assert_true(turn_is_held(client->turn));
}

static void test_one_has_the_turn_and_the_others_wait_in_the_order_in_which_they_came(void **state)
{
	struct client clients[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		client_init(&clients[i]);
	assert_int_equal(try(&clients[0]), 0);
	assert_true(turn_is_held(clients[0].turn));
	for (size_t i = 1; i < ARRAY_SIZE(clients); i++) {
		turn_queue(clients[i].turn);
		assert_int_equal(try(&clients[i]), -EAGAIN);
		assert_int_equal(turn_holder(clients[i].turn), getpid());
	}
	for (size_t i = 1; i < ARRAY_SIZE(clients); i++) {
		assert_true(turn_is_wanted(clients[i - 1].turn));
		turn_give(clients[i - 1].turn);
		for (size_t k = ARRAY_SIZE(clients) - 1; k > i; k--)
			assert_int_equal(try(&clients[k]), -EAGAIN);
		/* Who has just had it is behind them all. */
		assert_int_equal(try(&clients[i - 1]), -EAGAIN);
		assert_int_equal(try(&clients[i]), 0);
	}
	assert_false(turn_is_wanted(clients[3].turn));
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		client_done(&clients[i]);
}

static void test_who_has_the_turn_hears_of_who_wants_it_and_the_other_way_round(void **state)
{
	struct client holder, waiter;

	(void)state;
	client_init(&holder);
	client_init(&waiter);
	assert_int_equal(try(&holder), 0);
	await_poke(&holder); /* its own */
	assert_false(turn_is_wanted(holder.turn));
	turn_queue(waiter.turn);
	await_poke(&holder);
	assert_true(turn_is_wanted(holder.turn));
	/* Both hear of that, too. */
	await_poke(&waiter);
	turn_give(holder.turn);
	await_poke(&waiter);
	assert_int_equal(try(&waiter), 0);
	client_done(&holder);
	client_done(&waiter);
}

static void test_who_leaves_the_line_is_in_nobodys_way(void **state)
{
	struct client holder, first, second;

	(void)state;
	client_init(&holder);
	client_init(&first);
	client_init(&second);
	assert_int_equal(try(&holder), 0);
	turn_queue(first.turn);
	turn_queue(second.turn);
	turn_give(holder.turn);
	assert_int_equal(try(&second), -EAGAIN);
	turn_give(first.turn);
	assert_int_equal(try(&second), 0);
	client_done(&first);
	client_done(&second);
	client_done(&holder);
}

static void test_who_is_in_front_and_does_not_come_is_passed(void **state)
{
	struct client front, behind;
	uint64_t again, start = now_ms();

	(void)state;
	client_init(&front);
	client_init(&behind);
	turn_queue(front.turn);
	turn_queue(behind.turn);
	assert_int_equal(turn_try(behind.turn, &again), -EAGAIN);
	assert_in_range(again, start + 500, now_ms() + 2000);
	pthread_mutex_lock(&behind.events->lock);
	while (now_ms() < again)
		events_wait(behind.events, again);
	pthread_mutex_unlock(&behind.events->lock);
	assert_int_equal(turn_try(behind.turn, &again), 0);
	assert_int_equal(turn_try(front.turn, &again), -EAGAIN);
	client_done(&behind);
	assert_int_equal(turn_try(front.turn, &again), 0);
	client_done(&front);
}

static void test_the_turn_of_a_process_that_dies_is_free(void **state)
{
	struct client waiter;
	char byte;
	pid_t pid;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		/* Its event loop stayed behind, and is not needed. */
		struct turn *turn = turn_new(UUID, on_poked, NULL);
		uint64_t again;

		_exit(turn_try(turn, &again) == 0 && write(fds[1], "x", 1) == 1 && pause() ? 0 : 1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	client_init(&waiter);
	turn_queue(waiter.turn);
	assert_int_equal(try(&waiter), -EAGAIN);
	assert_int_equal(turn_holder(waiter.turn), pid);
	await_poke(&waiter); /* its own */
	kill(pid, SIGKILL);
	await_poke(&waiter);
	await_turn(&waiter);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	client_done(&waiter);
	close(fds[0]);
	close(fds[1]);
}

static bool has_file(void)
{
	return faccessat(runtime.fd, "hotslot/" UUID, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Or there would be one for each domain that there ever was. */
static void test_the_last_one_removes_the_file(void **state)
{
	struct client first, second, third;

	(void)state;
	client_init(&first);
	client_init(&second);
	client_init(&third);
	assert_int_equal(try(&first), 0);
	turn_queue(second.turn);
	assert_int_equal(try(&third), -EAGAIN); /* it has opened that file, and does not wait */
	turn_give(first.turn);
	assert_true(has_file());
	assert_int_equal(try(&second), 0);
	turn_give(second.turn);
	assert_false(has_file());
	/* Another one, made meanwhile, is that of the turn. */
	assert_int_equal(try(&first), 0);
	assert_int_equal(try(&third), -EAGAIN);
	turn_queue(third.turn);
	assert_true(turn_is_wanted(first.turn));
	turn_give(first.turn);
	/* Who leaves the line may be the last one, too. */
	turn_give(third.turn);
	assert_false(has_file());
	client_done(&first);
	client_done(&second);
	client_done(&third);
}

static void test_who_gets_in_the_line_of_a_file_that_is_removed_has_the_turn(void **state)
{
	struct client first, second;

	(void)state;
	client_init(&first);
	client_init(&second);
	turn_queue(second.turn);
	unlinkat(runtime.fd, "hotslot/" UUID, 0);
	assert_int_equal(try(&second), 0);
	assert_int_equal(try(&first), -EAGAIN);
	turn_queue(first.turn);
	assert_true(turn_is_wanted(second.turn));
	client_done(&second);
	client_done(&first);
	assert_false(has_file());
}

#define ROUNDS 300

struct rounds {
	pthread_t thread;
	unsigned *holders;
	bool queues;
	unsigned done, shared; /* rounds; those in which somebody else had the turn, too */
};

static void *take_turns(void *data)
{
	struct rounds *self = data;
	struct client client;
	uint64_t again, deadline = now_ms() + 10000;

	client_init(&client);
	for (self->done = 0; self->done < ROUNDS; self->done++) {
		while (turn_try(client.turn, &again) < 0 && now_ms() < deadline) {
			if (self->queues)
				turn_queue(client.turn);
			sched_yield();
		}
		if (!turn_is_held(client.turn))
			break;
		if (__atomic_add_fetch(self->holders, 1, __ATOMIC_SEQ_CST) != 1)
			self->shared++;
		sched_yield();
		__atomic_sub_fetch(self->holders, 1, __ATOMIC_SEQ_CST);
		turn_give(client.turn);
	}
	client_done(&client);
	return NULL;
}

/* As good as processes: each has opened the file by itself. */
static void test_never_have_two_the_turn_while_files_go_and_come(void **state)
{
	struct rounds rounds[4];
	unsigned holders = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		rounds[i] = (struct rounds){ .holders = &holders, .queues = i == 0 };
		pthread_create(&rounds[i].thread, NULL, take_turns, &rounds[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		pthread_join(rounds[i].thread, NULL);
		assert_int_equal(rounds[i].done, ROUNDS);
		assert_int_equal(rounds[i].shared, 0);
	}
	assert_false(has_file());
}

static void test_a_place_that_cannot_be_used_is_told_once(void **state)
{
	struct client client;

	(void)state;
	client_init(&client);
	assert_int_equal(symlinkat("/etc/passwd", runtime.fd, "hotslot/" UUID), 0);
	assert_int_equal(turn_problem(client.turn), 0);
	assert_int_equal(try(&client), 0);
	assert_int_equal(turn_problem(client.turn), -ELOOP);
	assert_int_equal(try(&client), 0);
	assert_int_equal(turn_problem(client.turn), 0);
	unlinkat(runtime.fd, "hotslot/" UUID, 0);
	assert_int_equal(try(&client), 0);
	assert_true(turn_is_held(client.turn));
	assert_int_equal(turn_problem(client.turn), 0);
	client_done(&client);
}

static void test_without_a_safe_place_there_are_no_turns(void **state)
{
	struct client client;
	static const char path[] = "hotslot/" UUID;

	(void)state;
	client_init(&client);
	unlinkat(runtime.fd, path, 0);
	assert_int_equal(symlinkat("/etc/passwd", runtime.fd, path), 0);
	assert_int_equal(try(&client), 0);
	assert_false(turn_is_held(client.turn));
	assert_int_equal(turn_holder(client.turn), 0);
	unlinkat(runtime.fd, path, 0);
	assert_int_equal(mkdirat(runtime.fd, path, 0700), 0);
	assert_int_equal(try(&client), 0);
	assert_false(turn_is_held(client.turn));
	unlinkat(runtime.fd, path, AT_REMOVEDIR);
	put_text(&runtime, path, "");
	assert_int_equal(fchmodat(runtime.fd, path, 0666, 0), 0);
	assert_int_equal(try(&client), 0);
	assert_false(turn_is_held(client.turn));
	unlinkat(runtime.fd, path, 0);
	/* Nor is another place taken, where nobody else would be. */
	assert_int_equal(renameat(runtime.fd, "hotslot", runtime.fd, "aside"), 0);
	put_text(&runtime, "hotslot", "");
	assert_int_equal(try(&client), 0);
	assert_false(turn_is_held(client.turn));
	unlinkat(runtime.fd, "hotslot", 0);
	assert_int_equal(renameat(runtime.fd, "aside", runtime.fd, "hotslot"), 0);
	assert_int_equal(try(&client), 0);
	assert_true(turn_is_held(client.turn));
	client_done(&client);
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
		cmocka_unit_test(
			test_one_has_the_turn_and_the_others_wait_in_the_order_in_which_they_came),
		cmocka_unit_test(
			test_who_has_the_turn_hears_of_who_wants_it_and_the_other_way_round),
		cmocka_unit_test(test_who_leaves_the_line_is_in_nobodys_way),
		cmocka_unit_test(test_who_is_in_front_and_does_not_come_is_passed),
		cmocka_unit_test(test_the_turn_of_a_process_that_dies_is_free),
		cmocka_unit_test(test_the_last_one_removes_the_file),
		cmocka_unit_test(test_who_gets_in_the_line_of_a_file_that_is_removed_has_the_turn),
		cmocka_unit_test(test_never_have_two_the_turn_while_files_go_and_come),
		cmocka_unit_test(test_a_place_that_cannot_be_used_is_told_once),
		cmocka_unit_test(test_without_a_safe_place_there_are_no_turns),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
