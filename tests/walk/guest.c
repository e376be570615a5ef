/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scripts for the witness in the guest: see tests/vm/witness.c. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "walk.h"

/* For an answer, seconds: a script takes milliseconds, on a busy machine more. */
#define ANSWER_SECONDS 60
#define ANSWER_MAX (4 * 1024 * 1024)

void guest_connect(struct walk *walk, const char *path)
{
	struct timeval timeout = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		walk_fail(walk, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	walk->witness = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (walk->witness < 0 ||
		setsockopt(walk->witness, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
		connect(walk->witness, (struct sockaddr *)&address, sizeof(address)) < 0)
		walk_fail(walk, "%s: %m", path);
}

static void send_all(struct walk *walk, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(walk->witness, data, length, MSG_NOSIGNAL);

		if (n < 0)
			walk_fail(walk, "cannot write to the witness: %m");
		data += n, length -= (size_t)n;
	}
}

static void receive_all(struct walk *walk, char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = recv(walk->witness, data, length, 0);

		if (n <= 0)
			walk_fail(walk, "the witness does not answer: %s",
				n == 0 ? "it is gone" : strerror(errno));
		data += n, length -= (size_t)n;
	}
}

static void receive_line(struct walk *walk, char *line, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		receive_all(walk, line + i, 1);
		if (line[i] == '\n') {
			line[i] = '\0';
			return;
		}
	}
	walk_fail(walk, "the witness answers with something else");
}

static char *ask(struct walk *walk, const char *script, int *ret_status)
{
	char line[160], token[32], wanted[32];
	size_t length;
	char *output;

	/* Tells the answers to a walk that was ended from ours. */
	snprintf(wanted, sizeof(wanted), "%x-%x", (unsigned)getpid(), ++walk->asked);
	snprintf(line, sizeof(line), "%s %zu\n", wanted, strlen(script));
	send_all(walk, line, strlen(line));
	send_all(walk, script, strlen(script));
	for (;;) {
		receive_line(walk, line, sizeof(line));
		if (sscanf(line, "%31s %d %zu", token, ret_status, &length) != 3 ||
			length > ANSWER_MAX || !(output = malloc(length + 1)))
			walk_fail(walk, "the witness answers with '%s'", line);
		receive_all(walk, output, length);
		output[length] = '\0';
		if (!strcmp(token, wanted))
			return output;
		free(output);
	}
}

char *guest_run(struct walk *walk, const char *format, ...)
{
	_cleanup_free_ char *script = NULL, *output = NULL;
	va_list arguments;
	int status, r;

	va_start(arguments, format);
	r = vasprintf(&script, format, arguments);
	va_end(arguments);
	if (r < 0) {
		script = NULL;
		walk_fail(walk, "no memory");
	}
	output = ask(walk, script, &status);
	if (status != 0)
		walk_fail(
			walk, "a script in the guest ends with %d: %s\n%s", status, output, script);
	return steal_pointer(output);
}
