/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The prompt of the shell, by libedit: editing, history, completion of commands and files. */
#include "prompt.h"

#include <editline/readline.h>
#include <string.h>

#include "commands.h"
#include "interrupt.h"

/* libedit's callbacks take no argument of ours. */
static const struct client *completing;

static char *complete_command(const char *text, int state)
{
	static size_t position;
	const struct command *command;

	if (state == 0)
		position = 0;
	while ((command = next_command(completing, &position)))
		if (!strncmp(command->name, text, strlen(text)))
			return strdup(command->name);
	return NULL;
}

/* The first word is a command; libedit completes the others as file names. */
static char **complete(const char *text, int start, int end)
{
	(void)end;
	return start == 0 ? rl_completion_matches(text, complete_command) : NULL;
}

static char *read_line(const char *domain)
{
	_cleanup_free_ char *prompt = NULL;

	if (domain && asprintf(&prompt, "hotslot %s> ", domain) < 0)
		prompt = NULL;
	return readline(prompt ? prompt : "hotslot> ");
}

bool prompt_read(struct client *client, char **line)
{
	completing = client;
	rl_attempted_completion_function = complete;
	rl_catch_signals = 0; /* libedit would pass SIGINT on, to the whole process group */
	do {
		free(*line);
		interrupt_arm_read();
		*line = read_line(client->default_domain);
		if (!*line)
			putchar('\n');
	} while (!*line && interrupted()); /* ^C drops the line, as in sh */
	if (*line && **line)
		add_history(*line);
	return *line;
}
