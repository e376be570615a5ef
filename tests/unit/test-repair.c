/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of a domain that is being launched: read whatever is in it, taken off without the rest.
 */
#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "domain-xml.h"
#include "mark.h"
#include "metadata.h"

#define OURS "xmlns:h='" METADATA_URI "'"

static void test_a_mark_is_read(void **state)
{
	static const struct {
		const char *metadata;
		bool launching;
		struct launcher launcher;
	} cases[] = {
		{ "", false, {} },
		{ "<h:hotslot " OURS "/>", false, {} },
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81'/></h:hotslot>", true,
			{ .pid = 7, .start = 81 } },
		{ "<hotslot xmlns='" METADATA_URI "'><launching pid='7' start='81'/></hotslot>",
			true, { .pid = 7, .start = 81 } },
		{ "<h:hotslot " OURS "><h:reserved slots='1'/><h:launching pid='7' start='81'/>"
		  "</h:hotslot>",
			true, { .pid = 7, .start = 81 } },
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81' boot='b' "
		  "pid-namespace='9'/></h:hotslot>",
			true, { .pid = 7, .start = 81, .boot = "b", .pid_namespace = 9 } },
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81' "
		  "boot='0123456789012345678901234567890123456' pid-namespace='-9'/>"
		  "</h:hotslot>",
			true, { .pid = 7, .start = 81 } },
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81' net-namespace='5' "
		  "socket='0123456789abcdef0123456789abcdef'/></h:hotslot>",
			true,
			{ .pid = 7,
				.start = 81,
				.net_namespace = 5,
				.socket = "0123456789abcdef0123456789abcdef" } },
		/* As no socket's name is, it says nothing. */
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81' socket='7'/></h:hotslot>",
			true, { .pid = 7, .start = 81 } },
		{ "<h:hotslot " OURS "><h:launching pid='7' start='81' "
		  "socket='0123456789abcdef0123456789abcdeF'/></h:hotslot>",
			true, { .pid = 7, .start = 81 } },
		/* Nobody's. */
		{ "<h:hotslot " OURS "><h:launching/></h:hotslot>", true, {} },
		{ "<h:hotslot " OURS "><h:launching pid='7'/></h:hotslot>", true, {} },
		{ "<h:hotslot " OURS "><h:launching pid='-7' start='81'/></h:hotslot>", true, {} },
		{ "<h:hotslot " OURS "><h:launching pid='4294967297' start='1'/></h:hotslot>", true,
			{} },
		/* Other people's. */
		{ "<hotslot><launching pid='7' start='81'/></hotslot>", false, {} },
		{ "<o:hotslot xmlns:o='urn:other'><o:launching/></o:hotslot>", false, {} },
		{ "<h:hotslot " OURS "><o:launching xmlns:o='urn:other'/></h:hotslot>", false, {} },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_domain_xml_ struct domain_xml *xml = NULL;
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text, "<domain><metadata>%s</metadata></domain>",
				    cases[i].metadata) > 0);
		assert_int_equal(domain_xml_parse(text, &xml), 0);
		assert_int_equal(xml->launching, cases[i].launching);
		assert_int_equal(xml->launcher.pid, cases[i].launcher.pid);
		assert_int_equal(xml->launcher.start, cases[i].launcher.start);
		assert_string_equal(xml->launcher.boot, cases[i].launcher.boot);
		assert_int_equal(xml->launcher.pid_namespace, cases[i].launcher.pid_namespace);
		assert_int_equal(xml->launcher.net_namespace, cases[i].launcher.net_namespace);
		assert_string_equal(xml->launcher.socket, cases[i].launcher.socket);
		assert_false(xml->bad_metadata);
	}
}

static void test_what_is_written_is_read_back(void **state)
{
	_cleanup_launch_socket_ int launching = -1;
	const struct launcher self = launcher_begin(true, &launching);
	_cleanup_xml_writer_ struct xml_writer w = {};
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(xml_writer_begin(&w), 0);
	xml_open(&w, "domain");
	metadata_open(&w);
	mark_write(&w, &self);
	metadata_close(&w);
	xml_close(&w);
	assert_int_equal(xml_writer_take(&w, &text), 0);
	assert_int_equal(domain_xml_parse(text, &xml), 0);
	assert_true(xml->launching);
	assert_int_equal(xml->launcher.pid, getpid());
	assert_int_equal(xml->launcher.net_namespace, self.net_namespace);
	assert_string_equal(xml->launcher.socket, self.socket);
	assert_int_equal(launcher_state(&xml->launcher, true), LAUNCHER_RUNS);
}

static void test_only_the_mark_is_taken_off(void **state)
{
	static const struct {
		const char *old;
		int result;
		const char *want; /* NULL: no element */
	} cases[] = {
		{ NULL, -ENOENT, NULL },
		{ "nonsense", -ENOENT, NULL },
		{ "<hotslot/>", -ENOENT, NULL },
		{ "<hotslot><reserved slots='1'/></hotslot>", -ENOENT, NULL },
		{ "<hotslot><o:launching xmlns:o='urn:o'/></hotslot>", -ENOENT, NULL },
		{ "<hotslot><launching pid='7' start='81'/></hotslot>", 0, NULL },
		{ "<hotslot><launching/><launching/></hotslot>", 0, NULL },
		{ "<hotslot a='1'><launching/></hotslot>", 0, "<hotslot a=\"1\"/>" },
		{ "<hotslot><reserved slots='1'/><launching/></hotslot>", 0,
			"<hotslot><reserved slots=\"1\"/></hotslot>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(mark_remove(cases[i].old, &text), cases[i].result);
		if (cases[i].want)
			assert_string_equal(text, cases[i].want);
		else
			assert_null(text);
	}
}

static void test_a_process_that_has_ended_launches_nothing(void **state)
{
	struct launcher launcher = launcher_self(true), child = {};
	int pipe_fd[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_RUNS);
	launcher.start++; /* another of that pid */
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_ENDED);
	assert_int_equal(launcher_state(&(const struct launcher){}, true), LAUNCHER_ENDED);
	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	if (pid == 0) {
		child = launcher_self(true);
		_exit(write(pipe_fd[1], &child, sizeof(child)) != sizeof(child));
	}
	assert_int_equal(read(pipe_fd[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(child.pid, pid);
	/* Not reaped, it has a /proc/PID still. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){}, WEXITED | WNOWAIT), 0);
	assert_int_equal(launcher_state(&child, true), LAUNCHER_ENDED);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(launcher_state(&child, true), LAUNCHER_ENDED);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

/* As another process sees it. */
static enum launcher_state state_elsewhere(const struct launcher *launcher)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit((int)launcher_state(launcher, true));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_a_launch_that_is_over_is_so_although_its_process_goes_on(void **state)
{
	int launching = -1, other = -1;
	struct launcher launcher = launcher_begin(true, &launching), next, old;
	pid_t pid;

	(void)state;
	assert_true(launching >= 0);
	/* However many have asked. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(launcher_state(&launcher, true), LAUNCHER_RUNS);
		assert_int_equal(state_elsewhere(&launcher), LAUNCHER_RUNS);
	}
	next = launcher_begin(true, &other);
	assert_string_not_equal(next.socket, launcher.socket);
	/* A child of it keeps its descriptors. */
	pid = fork();
	if (pid == 0)
		_exit(prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || pause());
	launch_socket_closep(&launching);
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_ENDED);
	assert_int_equal(state_elsewhere(&launcher), LAUNCHER_ENDED);
	assert_int_equal(launcher_state(&next, true), LAUNCHER_RUNS);
	/* Where the socket is not to be seen, and for an older one, the process counts. */
	old = launcher;
	old.net_namespace++;
	assert_int_equal(launcher_state(&old, true), LAUNCHER_RUNS);
	old = launcher;
	old.socket[0] = '\0';
	assert_int_equal(launcher_state(&old, true), LAUNCHER_RUNS);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	launch_socket_closep(&other);
	/* Over the network it says nothing. */
	launcher = launcher_begin(false, &launching);
	assert_int_equal(launching, -1);
	assert_string_equal(launcher.socket, "");
}

/* One that does is not taken for one that has ended, wherever it is looked at from. */
static void test_a_process_that_is_not_to_be_seen_may_launch_still(void **state)
{
	struct launcher launcher = launcher_self(true);

	(void)state;
	assert_int_equal(launcher_state(&launcher, false), LAUNCHER_UNKNOWN);
	launcher.start++; /* here it would have ended */
	launcher.pid_namespace++;
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_UNKNOWN);
	launcher.pid_namespace = 0;
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_UNKNOWN);
	strcpy(launcher.boot, "another");
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_ENDED);
	assert_int_equal(launcher_state(&launcher, false), LAUNCHER_UNKNOWN);
	/* A launch over the network says only who. */
	launcher = launcher_self(false);
	assert_int_equal(launcher.pid, getpid());
	assert_int_equal(launcher_state(&launcher, true), LAUNCHER_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mark_is_read),
		cmocka_unit_test(test_what_is_written_is_read_back),
		cmocka_unit_test(test_only_the_mark_is_taken_off),
		cmocka_unit_test(test_a_process_that_has_ended_launches_nothing),
		cmocka_unit_test(test_a_launch_that_is_over_is_so_although_its_process_goes_on),
		cmocka_unit_test(test_a_process_that_is_not_to_be_seen_may_launch_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
