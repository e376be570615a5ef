/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/server.h and epoch.h: the starts are counted, and the port is opened in the end. */
#include "guest.h"

#include "epoch.h"

/* ---- the epoch ---- */

static uint64_t count(const struct tree *tree)
{
	uint64_t epoch = 0;

	assert_int_equal(epoch_count(tree->path, &epoch), 0);
	return epoch;
}

/* Whoever is killed in between has not touched the number that there is. */
static void test_the_number_of_starts_is_whole_at_every_moment(void **state)
{
	struct tree tree;
	char text[16] = "";
	int old;

	(void)state;
	make_tree(&tree);
	assert_int_equal(count(&tree), 1);
	old = openat(tree.fd, "epoch", O_RDONLY | O_CLOEXEC);
	put_text(&tree, ".epoch", "");
	assert_int_equal(count(&tree), 2);
	assert_int_equal(read(old, text, sizeof(text) - 1), 2);
	assert_string_equal(text, "1\n");
	close(old);
	assert_int_equal(faccessat(tree.fd, ".epoch", F_OK, 0), -1);
	assert_int_equal(count(&tree), 3);
	remove_tree(&tree);
}

static void test_without_a_place_for_the_number_there_is_none(void **state)
{
	uint64_t epoch = 7;

	(void)state;
	assert_int_equal(epoch_count("/nonexistent", &epoch), -ENOENT);
	assert_int_equal(epoch, 7);
}

/* ---- the port ---- */

/* An agent whose port has this path. */
static void start_server(struct guest *guest, struct server *server, char path[96])
{
	snprintf(path, 96, "%s/dev/port", guest->machine.tree.path);
	assert_int_equal(server_open(server, &guest->loop, &guest->tracker), 0);
	server->port_path = path;
}

static void assert_deadline_in(const struct server *server, uint64_t start, uint64_t ms)
{
	assert_in_range(server_deadline(server), start + ms, now_ms() + ms);
}

/* A directory stands for a port that cannot be opened, a pipe for one that can. */
static void test_a_port_that_cannot_be_opened_is_tried_again_ever_more_slowly(void **state)
{
	static const unsigned seconds[] = { 2, 4, 8, 16, 32, 32, 32 };
	struct guest *guest = *state;
	struct server server;
	char path[96];
	uint64_t start;

	start_server(guest, &server, path);
	assert_int_equal(mkdir(path, 0755), 0);
	start = now_ms();
	assert_int_equal(server_open_port(&server), -EISDIR);
	assert_deadline_in(&server, start, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		start = server.reopen_at = now_ms();
		server_tick(&server);
		assert_deadline_in(&server, start, 1000 * seconds[i]);
	}
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	server.reopen_at = now_ms();
	server_tick(&server);
	assert_non_null(server.port);
	assert_int_equal(server_deadline(&server), UINT64_MAX);
	server_close(&server);
}

static void test_a_port_that_is_not_there_is_not_waited_for_by_time(void **state)
{
	struct guest *guest = *state;
	struct server server;
	char path[96];

	start_server(guest, &server, path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(server_open_port(&server), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(server_open_port(&server), 1);
	assert_int_equal(server_deadline(&server), UINT64_MAX);
	server_close(&server);
}

/* What epoll does not take stands for a lack of memory. */
static void test_a_port_that_cannot_be_watched_is_tried_again(void **state)
{
	struct guest *guest = *state;
	struct server server;
	char path[96];

	start_server(guest, &server, path);
	put_text(&guest->machine.tree, "dev/port", "");
	assert_int_equal(server_open_port(&server), -EPERM);
	assert_null(server.port);
	assert_true(server_deadline(&server) <= now_ms() + 1000);
	server_close(&server);
}

#define GUEST_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_guest, tear_down_guest)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_number_of_starts_is_whole_at_every_moment),
		cmocka_unit_test(test_without_a_place_for_the_number_there_is_none),
		GUEST_TEST(test_a_port_that_cannot_be_opened_is_tried_again_ever_more_slowly),
		GUEST_TEST(test_a_port_that_is_not_there_is_not_waited_for_by_time),
		GUEST_TEST(test_a_port_that_cannot_be_watched_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
