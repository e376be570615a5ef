/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comes to a disk in a guest at the worst moment of its release. Static, as it runs in any guest.
 *
 *   late write NODE N OTHER STATE   prints "ready"; when NODE was opened N times, opens OTHER,
 *                                   another node of the disk, and writes numbers to it until it
 *                                   cannot, STATE is "offline" or it gets SIGTERM; closes it, and
 *                                   prints the last number that was written without an error
 *   late kill RO [PID]              prints "ready"; when RO, an attribute of the disk, is 1, kills
 *                                   every agent, but not PID, and prints what RO is then
 *   late fill NODE                  as soon as NODE can be opened, writes to it, and closes it
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Where the number is, as tests/vm/holder.c has it. */
#define NUMBER_OFFSET (512 * 1024)

/* More than one request to the disk. */
#define FILL_BYTES (1024 * 1024)

static void die(const char *what)
{
	fprintf(stderr, "late: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void await_opens(const char *node, long n)
{
	int watch = inotify_init1(IN_CLOEXEC);
	char event[sizeof(struct inotify_event)]; /* with no name: one at a time */

	if (watch < 0 || inotify_add_watch(watch, node, IN_OPEN) < 0)
		die(node);
	say("ready");
	for (long i = 0; i < n; i++)
		if (read(watch, event, sizeof(event)) <= 0)
			die("inotify");
	close(watch);
}

static volatile sig_atomic_t told_to_end;

static void end_writing(int number)
{
	(void)number;
	told_to_end = 1;
}

static bool is_offline(int state)
{
	char text[32] = "";

	return pread(state, text, sizeof(text) - 1, 0) <= 0 || !strcmp(text, "offline\n");
}

static void write_late(const char *other, const char *state_path)
{
	int state = open(state_path, O_RDONLY | O_CLOEXEC), disk = open(other, O_RDWR | O_CLOEXEC);
	unsigned written = 0;
	char text[512] = "";

	while (disk >= 0 && state >= 0 && !told_to_end && !is_offline(state)) {
		snprintf(text, sizeof(text), "%010u\n", written + 1);
		if (pwrite(disk, text, sizeof(text), NUMBER_OFFSET) != sizeof(text))
			break;
		written++;
	}
	close(disk);
	snprintf(text, sizeof(text), "%010u", written);
	say(text);
}

static bool is_agent(const char *pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, "hotslot-agent\n");
}

/* All of them stop before the first one ends: none sees another one's end. */
static void signal_agents(int number, pid_t spared)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		die("/proc");
	while ((entry = readdir(proc))) {
		pid_t pid = (pid_t)atol(entry->d_name);

		if (pid > 0 && pid != spared && is_agent(entry->d_name))
			kill(pid, number);
	}
	closedir(proc);
}

static void kill_late(const char *attribute, pid_t spared)
{
	int ro = open(attribute, O_RDONLY | O_CLOEXEC);
	char text[8] = "";

	if (ro < 0)
		die(attribute);
	say("ready");
	while (pread(ro, text, sizeof(text) - 1, 0) > 0 && *text != '1')
		;
	signal_agents(SIGSTOP, spared);
	signal_agents(SIGKILL, spared);
	if (pread(ro, text, sizeof(text) - 1, 0) <= 0)
		die(attribute);
	text[1] = '\0';
	say(text);
}

static void fill(const char *node)
{
	static char bytes[FILL_BYTES];
	int disk;

	say("ready");
	do
		disk = open(node, O_WRONLY | O_CLOEXEC);
	while (disk < 0);
	if (write(disk, bytes, sizeof(bytes)) != sizeof(bytes))
		die(node);
	close(disk);
	say("closed");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "fill")) {
		fill(argv[2]);
		return EXIT_SUCCESS;
	}
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "kill")) {
		kill_late(argv[2], argc == 4 ? (pid_t)atol(argv[3]) : 0);
		return EXIT_SUCCESS;
	}
	if (argc == 6 && !strcmp(argv[1], "write")) {
		signal(SIGTERM, end_writing);
		await_opens(argv[2], atol(argv[3]));
		write_late(argv[4], argv[5]);
		return EXIT_SUCCESS;
	}
	fputs("usage: late write NODE N OTHER STATE | late kill RO [PID] | late fill NODE\n",
		stderr);
	return 2;
}
