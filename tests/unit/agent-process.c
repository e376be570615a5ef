/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot-agent as a process that a test speaks with over a socket. */
#include "agent-process.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

/* Wall-clock seconds that a test waits for one frame. */
#define ANSWER_SECONDS 20

static void start_agent(struct agent *agent)
{
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	char dev[96], run[96], port[16];
	int sockets[2];

	snprintf(dev, sizeof(dev), "%s/dev", agent->tree.path);
	snprintf(run, sizeof(run), "%s/run", agent->tree.path);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	snprintf(port, sizeof(port), "%d", sockets[0]);
	agent->pid = fork();
	if (agent->pid == 0) {
		close(sockets[1]);
		execl(getenv("HOTSLOT_AGENT"), "hotslot-agent", "--port-fd", port, "--dev", dev,
			"--run", run, "--no-contents", (char *)NULL);
		_exit(127);
	}
	assert_true(agent->pid > 0);
	close(sockets[0]);
	agent->host = sockets[1];
	setsockopt(agent->host, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void stop_agent(struct agent *agent)
{
	int status;

	assert_int_equal(kill(agent->pid, SIGTERM), 0);
	assert_int_equal(waitpid(agent->pid, &status, 0), agent->pid);
	assert_int_equal(status, 0);
	close(agent->host);
	frame_reader_reset(&agent->reader);
	agent->left = agent->resyncs = 0;
}

void restart_agent(struct agent *agent)
{
	stop_agent(agent);
	start_agent(agent);
}

int set_up_agent(void **state)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	*state = agent;
	if (!getenv("HOTSLOT_AGENT"))
		return 0; /* not run by tests/run */
	make_tree(&agent->tree);
	assert_int_equal(mkdirat(agent->tree.fd, "dev", 0755), 0);
	assert_int_equal(mkdirat(agent->tree.fd, "run", 0755), 0);
	start_agent(agent);
	return 0;
}

int tear_down_agent(void **state)
{
	struct agent *agent = *state;

	if (agent->pid > 0) {
		stop_agent(agent);
		remove_tree(&agent->tree);
	}
	frame_reader_done(&agent->reader);
	free(agent);
	return 0;
}

void say(struct agent *agent, const char *text)
{
	if (agent->pid == 0)
		skip();
	print_message("%s\n", text);
	assert_int_equal(write(agent->host, text, strlen(text)), strlen(text));
	assert_int_equal(write(agent->host, "\n", 1), 1);
}

json_t *hear(struct agent *agent)
{
	char reason[HOTSLOT_REASON_MAX], *line;
	json_t *object;
	size_t length;
	int r;

	while ((r = frame_reader_feed(&agent->reader, &agent->next, &agent->left, &line,
			&length)) != FRAME_READY) {
		ssize_t n;

		agent->resyncs += r == FRAME_RESYNC;
		if (r == FRAME_RESYNC)
			continue;
		n = read(agent->host, agent->bytes, sizeof(agent->bytes));
		assert_true(n > 0);
		agent->next = agent->bytes;
		agent->left = (size_t)n;
	}
	assert_int_equal(frame_parse(line, length, &object, reason), 0);
	return object;
}
