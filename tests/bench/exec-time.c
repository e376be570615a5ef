/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times programs as udevd's IMPORT{program} runs them: started, read until they have said all, and
 * waited for. Static, as it runs in guests.
 *
 *   exec-time ROUNDS KIND PROGRAM [ARGUMENT...] [-- KIND PROGRAM [ARGUMENT...]]...
 *
 * In turns. Prints a line for each: "exec KIND 0 MILLISECONDS", with tabs. A program that fails, or
 * says nothing, ends it.
 */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "util.h"

#define PROGRAMS_MAX 8
#define ROUNDS_MAX 100000

struct program {
	const char *kind;
	char **argv;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "exec-time: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static double now_precise(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static pid_t start(const struct program *program, int output)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (posix_spawn(&pid, program->argv[0], &actions, NULL, program->argv, environ) != 0)
		die(program->argv[0], "not started");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static double run(const struct program *program)
{
	int status, ends[2];
	size_t length = 0;
	char buffer[4096];
	double began;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe", strerror(errno));
	began = now_precise();
	pid = start(program, ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], buffer, sizeof(buffer))) > 0)
		length += (size_t)n;
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die(program->argv[0], "it has failed");
	began = now_precise() - began;
	close(ends[0]);
	if (length == 0)
		die(program->argv[0], "it has said nothing");
	return began;
}

/* Cuts ARGV at each "--". */
static size_t parse(char **argv, struct program *ret)
{
	size_t n = 0;

	while (*argv) {
		if (n == PROGRAMS_MAX || !argv[1])
			die("usage", "exec-time ROUNDS KIND PROGRAM... [-- KIND PROGRAM...]...");
		ret[n++] = (struct program){ .kind = argv[0], .argv = argv + 1 };
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

int main(int argc, char *argv[])
{
	struct program programs[PROGRAMS_MAX];
	uint64_t rounds;
	size_t n;

	if (argc < 4 || parse_u64(argv[1], ROUNDS_MAX, &rounds) < 0)
		die("usage", "exec-time ROUNDS KIND PROGRAM... [-- KIND PROGRAM...]...");
	n = parse(argv + 2, programs);
	for (size_t i = 0; i < n; i++) /* what it reads is in memory from then on */
		run(&programs[i]);
	for (uint64_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			printf("exec\t%s\t0\t%.4f\n", programs[i].kind, run(&programs[i]));
	return EXIT_SUCCESS;
}
