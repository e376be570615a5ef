/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot: the command line of libhotslot. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "commands.h"
#include "interrupt.h"
#include "options.h"
#include "output.h"

static void print_usage(const struct client *client, FILE *f)
{
	fputs("usage: hotslot [-c URI] [--controller N] [--json] [-q] COMMAND ...\n\n"
	      "Attach disks to running virtual machines, by slot, confirmed by the guest.\n\n",
		f);
	print_commands(client, f);
	fputs("\n'hotslot COMMAND --help' tells more, hotslot(1) tells all.\n\n"
	      "  -c, --connect URI  libvirt's URI, as in virsh\n"
	      "  --controller N     manage the virtio-scsi controller with this index\n"
	      "  --json             answer in JSON\n"
	      "  -q, --quiet        no progress and no notices\n"
	      "  -h, --help         show this\n"
	      "  -V, --version      show the version\n",
		f);
}

static int print_version(void)
{
	printf("hotslot %s (libhotslot %s)\n", HOTSLOT_VERSION, hotslot_version());
	return STATUS_DONE;
}

/* What was printed has to have arrived, or the caller takes half an answer for a whole one. */
static int close_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("hotslot: standard output cannot be written\n", stderr);
	return STATUS_FAILED;
}

static int run(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "version", no_argument, NULL, 'V' },
		COMMON_OPTIONS,
	};

	if (next_option(client, argc, argv, options) == 'V')
		return print_version();
	if (client->help) {
		print_usage(client, stdout);
		return STATUS_DONE;
	}
	if (optind == argc)
		set_problem(client, "no command is given");
	if (client->problem[0]) {
		fail_usage(client, client->problem);
		print_usage(client, stderr);
		return STATUS_INVALID;
	}
	return run_command(client, argc - optind, argv + optind);
}

/* What is closed would be opened by libvirt for something else, and get what we print. Writing to
 * /dev/full fails, as writing to what is closed should. */
static void open_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open(fd == STDIN_FILENO ? "/dev/null" : "/dev/full", O_RDWR);
}

int main(int argc, char **argv)
{
	struct client client = { 0 };
	int status;

	open_closed_streams();
	setlocale(LC_CTYPE, ""); /* for the width of a label */
	/* A line at a time: each name as soon as its disk is confirmed, each message whole. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	/* libvirt writes to a daemon that has gone. */
	signal(SIGPIPE, SIG_IGN);
	interrupt_arm();
	status = run(&client, argc, argv);
	client_done(&client);
	return close_output(status);
}
