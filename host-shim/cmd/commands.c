/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands. */
#include "commands.h"

#include <string.h>

#include "options.h"
#include "output.h"

/* In the order of the help. */
static const struct command *const commands[] = {
	&command_launch,
	&command_start,
	&command_attach,
	&command_detach,
	&command_resize,
	&command_list,
	&command_watch,
	&command_resolve,
	&command_reserve,
	&command_unreserve,
	&command_status,
	&command_adopt,
	&command_enable,
	&command_disable,
	&command_repair,
	&command_doctor,
	&command_shutdown,
	&command_agent,
	&command_shell,
	&command_use,
	&command_help,
	&command_quit,
	&command_exit,
};

const struct command *next_command(const struct client *client, size_t *position)
{
	while (*position < ARRAY_SIZE(commands)) {
		const struct command *command = commands[(*position)++];

		if (command->where != (client->in_shell ? NOT_IN_SHELL : ONLY_IN_SHELL))
			return command;
	}
	return NULL;
}

static const struct command *find_command(const struct client *client, const char *name)
{
	const struct command *command;
	size_t i = 0;

	while ((command = next_command(client, &i)) && strcmp(command->name, name))
		;
	return command;
}

void print_commands(const struct client *client, FILE *f)
{
	const struct command *command;
	size_t i = 0;

	while ((command = next_command(client, &i)))
		fprintf(f, "  %-9s %s\n", command->name, command->summary);
}

static int run_help(struct client *client, int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	const struct command *command;
	struct arguments arguments;
	int status;

	next_option(client, argc, argv, options);
	if (!take_plain_arguments(client, argc, argv, 0, 1, &arguments, &status))
		return status;
	if (arguments.count == 0) {
		print_commands(client, stdout);
		return STATUS_DONE;
	}
	command = find_command(client, arguments.values[0]);
	if (!command)
		return fail_usage(client, "no such command");
	print_command_help(command, stdout);
	return STATUS_DONE;
}

const struct command command_help = {
	.name = "help",
	.run = run_help,
	.arguments = "[COMMAND]",
	.summary = "Tell what commands there are, or all of one",
};

/* Options hold for one command: those of the shell are what the next one starts from. */
int run_command(struct client *client, int argc, char **argv)
{
	const struct command *command = find_command(client, argv[0]);
	bool json = client->json, quiet = client->quiet, has_controller = client->has_controller;
	unsigned controller = client->controller;
	int status;

	client->problem[0] = '\0';
	if (!command) {
		set_problem(client, "unknown command '%s'; 'help' lists them all", argv[0]);
		return fail_usage(client, client->problem);
	}
	client->command = command;
	client->help = false;
	client->timeout_ms = client->patience_ms = 0;
	optind = 0; /* glibc: start anew */
	status = command->run(client, argc, argv);
	client->command = NULL;
	client->json = json;
	client->quiet = quiet;
	client->has_controller = has_controller;
	client->controller = controller;
	return status;
}
