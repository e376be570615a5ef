/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGINT and SIGTERM: the library finishes what it has begun or rolls it back, and only then does
 * the command stop. A second signal ends the program at once. */
#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t came;

static void handle_read(int number)
{
	(void)number;
	came = 1;
}

static void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	sigemptyset(&action.sa_mask);
	/* One that the caller wants to be ignored stays so: nohup, a shell's background. */
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_disarm(void)
{
	set_handler(SIGINT, SIG_DFL, 0);
	set_handler(SIGTERM, SIG_DFL, 0);
}

static void handle(int number)
{
	static const char text[] =
		"\nhotslot: stopping after this step; once more ends it at once\n";
	ssize_t n = 0;

	(void)number;
	came = 1;
	interrupt_disarm(); /* the second one meets the default action, whichever it is */
	if (isatty(STDERR_FILENO))
		n = write(STDERR_FILENO, text, strlen(text));
	(void)n; /* nowhere to say it */
}

void interrupt_arm(void)
{
	came = 0;
	set_handler(SIGINT, handle, SA_RESTART);
	set_handler(SIGTERM, handle, SA_RESTART);
}

void interrupt_arm_read(void)
{
	interrupt_disarm();
	came = 0;
	set_handler(SIGINT, handle_read, 0);
}

bool interrupted(void)
{
	return came;
}
