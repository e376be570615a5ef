/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot shell: the same commands from a prompt or a script, over one connection. */
#include "commands.h"

#include <string.h>

#include "interrupt.h"
#include "options.h"
#include "output.h"
#include "prompt.h"
#include "words.h"

/* Runs one line. A '-' before the command says that the script goes on if it fails. */
static int run_line(struct client *client, char *line)
{
	_cleanup_free_ char **words = NULL;
	bool forgive;
	int count, status;

	line += strspn(line, " \t");
	forgive = *line == '-';
	if (words_split(line + forgive, &words, &count) < 0)
		return fail_usage(client, "a quote is not closed");
	if (count == 0)
		return STATUS_DONE;
	interrupt_arm();
	status = run_command(client, count, words);
	fflush(stdout);
	return forgive && !interrupted() ? STATUS_DONE : status;
}

/* At a prompt, a failure is no reason to leave. */
static int run_prompt(struct client *client)
{
	_cleanup_free_ char *line = NULL;

	while (!client->quit && prompt_read(client, &line))
		run_line(client, line);
	return STATUS_DONE;
}

static int fail_read(struct client *client, int r)
{
	struct hotslot_error error;
	char message[sizeof(error.message)];

	snprintf(message, sizeof(message), "cannot read the script: %s", strerror(-r));
	set_error(&error, r, message);
	return fail(client, NULL, NULL, &error, NULL);
}

/* Returns 1 for a line, 0 at the end. What was read of a line before an error is none: half a
 * command may mean another one. */
static int read_line(char **line, size_t *size, size_t *ret_length)
{
	ssize_t n;

	errno = 0;
	n = getline(line, size, stdin);
	if (ferror(stdin) || (n < 0 && !feof(stdin)))
		return errno ? -errno : -EIO;
	if (n < 0)
		return 0;
	*ret_length = (size_t)n;
	return 1;
}

static int run_script(struct client *client)
{
	_cleanup_free_ char *line = NULL;
	int status = STATUS_DONE;
	size_t size = 0, length = 0;

	while (status == STATUS_DONE && !client->quit) {
		int r;

		interrupt_disarm(); /* nothing is under way */
		r = read_line(&line, &size, &length);
		if (r == 0)
			break;
		client->line++;
		if (r < 0)
			status = fail_read(client, r);
		else if (strlen(line) == length)
			status = run_line(client, line);
		else
			status = fail_usage(client, "the line holds a NUL byte");
		if (status == STATUS_DONE && interrupted())
			status = STATUS_FAILED;
	}
	return status;
}

/* A default domain has to exist when it is named. */
static int set_default(struct client *client, const char *name)
{
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	char *copy = name ? strdup(name) : NULL;

	if (name && !copy) {
		set_error(&error, -ENOMEM, "out of memory");
		return fail(client, NULL, name, &error, NULL);
	}
	if (name && client_find(client, name, &domain, &error) < 0) {
		free(copy);
		return fail(client, NULL, name, &error, NULL);
	}
	free(client->default_domain);
	client->default_domain = copy;
	return STATUS_DONE;
}

static int run_shell(struct client *client, int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct arguments arguments;
	int status;

	next_option(client, argc, argv, options);
	if (!take_plain_arguments(client, argc, argv, 0, 1, &arguments, &status))
		return status;
	if (arguments.count == 1) {
		status = set_default(client, arguments.values[0]);
		if (status != STATUS_DONE)
			return status;
	}
	client->command = NULL;
	client->in_shell = true;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return run_prompt(client);
	return run_script(client);
}

static int run_use(struct client *client, int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct arguments arguments;
	int status;

	next_option(client, argc, argv, options);
	if (!take_plain_arguments(client, argc, argv, 0, 1, &arguments, &status))
		return status;
	status = set_default(client, arguments.count == 1 ? arguments.values[0] : NULL);
	if (status != STATUS_DONE)
		return status;
	return finish(client,
		client->json ? json_pack("{so}", "domain", json_text(client->default_domain))
			     : NULL);
}

static int run_quit(struct client *client, int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct arguments arguments;
	int status;

	next_option(client, argc, argv, options);
	if (!take_plain_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	client->quit = true;
	return STATUS_DONE;
}

const struct command command_shell = {
	.name = "shell",
	.run = run_shell,
	.arguments = "[DOM] [options]",
	.summary = "Read these commands from a prompt or from standard input",
	.where = NOT_IN_SHELL,
};

const struct command command_use = {
	.name = "use",
	.run = run_use,
	.arguments = "[DOM]",
	.summary = "Take DOM as the domain of the commands that follow, which name none then",
	.where = ONLY_IN_SHELL,
};

const struct command command_quit = {
	.name = "quit",
	.run = run_quit,
	.arguments = "",
	.summary = "Leave the shell; what runs goes on running",
	.where = ONLY_IN_SHELL,
};

const struct command command_exit = {
	.name = "exit",
	.run = run_quit,
	.arguments = "",
	.summary = "The same as quit",
	.where = ONLY_IN_SHELL,
};
