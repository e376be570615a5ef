/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times a boot from outside: from the start of QEMU until bytes come on a socket.
 *
 *   boot-time SOCKET PATTERN QUESTION COMMAND...
 *
 * Listens on SOCKET, runs COMMAND (a QEMU with a chardev that connects there), sends QUESTION once
 * it has connected, and prints the milliseconds until PATTERN has come. Ends QEMU by its pid.
 *
 * With ICOUNT in the environment, the guest's clock counts its instructions and the host's tells
 * nothing: then PATTERN is followed by microseconds of the guest's, which are printed as
 * milliseconds instead. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "util.h"

/* A boot under TCG takes seconds; after this it has failed. */
#define DEADLINE_MS 60000

static double now_precise(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int listen_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -errno;
	return steal_fd(&fd);
}

static bool is_ready(int fd, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t now = now_ms();

	return now < deadline && poll(&poll_fd, 1, (int)(deadline - now)) > 0;
}

/* The number behind PATTERN, once there is something behind it, too. */
static bool find_number(const char *text, const char *pattern, double *ret)
{
	const char *found = strstr(text, pattern);
	char *end;

	if (!found)
		return false;
	*ret = strtod(found + strlen(pattern), &end);
	return *end && end > found + strlen(pattern);
}

/* Reads until PATTERN has come, with its number if there is to be one; what is not text before it
 * counts as blanks. */
static int await(int fd, const char *pattern, uint64_t deadline, bool number, double *ret)
{
	char buffer[65536];
	size_t length = 0;

	while (length < sizeof(buffer) - 1 && is_ready(fd, deadline)) {
		ssize_t n = read(fd, buffer + length, sizeof(buffer) - 1 - length);

		if (n <= 0)
			return -EPIPE;
		for (ssize_t i = 0; i < n; i++)
			buffer[length + (size_t)i] = buffer[length + (size_t)i] ?: ' ';
		length += (size_t)n;
		buffer[length] = '\0';
		if (number ? find_number(buffer, pattern, ret) : !!strstr(buffer, pattern))
			return 0;
	}
	return -ETIMEDOUT;
}

static int measure(int listener, const char *pattern, const char *question, double *ret_number)
{
	uint64_t deadline = now_ms() + DEADLINE_MS;
	_cleanup_close_ int fd = -1;

	if (!is_ready(listener, deadline))
		return -ETIMEDOUT;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return -errno;
	return await(fd, pattern, deadline, ret_number != NULL, ret_number);
}

int main(int argc, char *argv[])
{
	_cleanup_close_ int listener = -1;
	bool icount = getenv("ICOUNT") && *getenv("ICOUNT");
	double start, number = 0;
	pid_t pid;
	int r;

	if (argc < 5) {
		fputs("Usage: boot-time SOCKET PATTERN QUESTION COMMAND...\n", stderr);
		return 2;
	}
	listener = listen_on(argv[1]);
	if (listener < 0) {
		fprintf(stderr, "boot-time: %s: %s\n", argv[1], strerror(-listener));
		return EXIT_FAILURE;
	}
	start = now_precise();
	pid = fork();
	if (pid == 0) {
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	r = pid < 0 ? -errno : measure(listener, argv[2], argv[3], icount ? &number : NULL);
	if (r == 0)
		printf("%.3f\n", icount ? number / 1e3 : now_precise() - start);
	else
		fprintf(stderr, "boot-time: no '%s': %s\n", argv[2], strerror(-r));
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
