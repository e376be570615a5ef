/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that says nothing is told from one that speaks, and from none. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "nbd-greeting.h"

#define GREETING "NBDMAGICIHAVEOPT\0\3"
#define OLD_GREETING "NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53"

/* The client's flags, and the option to leave. */
#define GOODBYE "\0\0\0\1IHAVEOPT\0\0\0\2\0\0\0\0"

/* What is waited for comes at once; what does not come is not waited for. */
#define LONG_MS 60000
#define SHORT_MS 100

static int listen_at(const struct sockaddr *address, socklen_t length)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, address, length), 0);
	assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static int listen_on_socket(const struct tree *tree, char **ret_text)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", tree->path);
	assert_true(asprintf(ret_text, "nbd+unix:///e?socket=%s", address.sun_path) > 0);
	return listen_at((struct sockaddr *)&address, sizeof(address));
}

static int listen_on_port(char **ret_text)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);
	int fd = listen_at((struct sockaddr *)&address, length);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	assert_true(asprintf(ret_text, "nbd://127.0.0.1:%u/e", ntohs(address.sin_port)) > 0);
	return fd;
}

static int await(const char *text, uint64_t ms)
{
	_cleanup_source_ struct source source = {};

	assert_int_equal(source_parse(text, &source), 0);
	return nbd_await_greeting(&source, now_ms() + ms);
}

/* A server for one client, who leaves first unless LEAVES. Returns its process, which ends with 0
 * if the client has said GOODBYE, with 1 if it has said nothing. */
static pid_t serve(int listener, const char *words, size_t length, bool leaves)
{
	pid_t pid = fork();
	char rest[sizeof(GOODBYE)];
	ssize_t n = 0;
	int fd;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	fd = accept(listener, NULL, NULL);
	while (length > 0 && write(fd, words++, 1) == 1)
		length--;
	if (!leaves)
		n = recv(fd, rest, sizeof(rest), MSG_WAITALL);
	if (n <= 0)
		_exit(1);
	_exit(n == sizeof(GOODBYE) - 1 && !memcmp(rest, GOODBYE, (size_t)n) ? 0 : 2);
}

static const struct {
	const char *what, *words;
	size_t length;
	bool leaves;
	int r, status;
} cases[] = {
	{ "speaks", GREETING, sizeof(GREETING) - 1, false, 0, 0 },
	{ "speaks and leaves", GREETING, sizeof(GREETING) - 1, true, 0, 1 },
	{ "knows no options", "NBDMAGICIHAVEOPT\0\2", sizeof(GREETING) - 1, false, 0, 1 },
	{ "is old", OLD_GREETING, sizeof(OLD_GREETING) - 1, false, 0, 1 },
	{ "leaves", "", 0, true, 0, 1 },
	{ "speaks otherwise", "HTTP/1.1 400 Bad Request\r\n", 26, false, 0, 1 },
	{ "stops in the middle", GREETING, 15, false, -ETIMEDOUT, 1 },
	{ "says nothing", "", 0, false, -ETIMEDOUT, 1 },
};

static void test_a_server_that_says_nothing_is_told_from_others(void **state)
{
	struct tree tree;

	(void)state;
	make_tree(&tree);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		size_t n = i / 2;
		_cleanup_free_ char *text = NULL;
		int fd = i % 2 ? listen_on_port(&text) : listen_on_socket(&tree, &text);
		pid_t pid = serve(fd, cases[n].words, cases[n].length, cases[n].leaves);
		int status;

		print_message("%s: %s\n", text, cases[n].what);
		assert_int_equal(await(text, cases[n].r ? SHORT_MS : LONG_MS), cases[n].r);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), cases[n].status);
		close(fd);
		unlinkat(tree.fd, "s", 0);
	}
	remove_tree(&tree);
}

static void test_a_server_that_lets_nobody_in_says_nothing(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct tree tree;
	int fd;

	(void)state;
	make_tree(&tree);
	fd = listen_on_socket(&tree, &text);
	/* The first one is in the queue, and then it is full. */
	assert_int_equal(await(text, SHORT_MS), -ETIMEDOUT);
	assert_int_equal(await(text, SHORT_MS), -ETIMEDOUT);
	assert_int_equal(await(text, 0), -ETIMEDOUT);
	close(fd);
	/* Who asks there is refused at once. */
	assert_int_equal(await(text, LONG_MS), 0);
	unlinkat(tree.fd, "s", 0);
	assert_int_equal(await(text, LONG_MS), 0);
	remove_tree(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_that_says_nothing_is_told_from_others),
		cmocka_unit_test(test_a_server_that_lets_nobody_in_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
