/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of a command: its options, the options of all commands, its arguments. */
#pragma once

#include <getopt.h>
#include <limits.h>

#include "client.h"

/* --controller has no short form. */
#define OPTION_CONTROLLER 256
#define OPTION_TIMEOUT 257

/* Of commands whose calls take no time of their own. */
#define TIMEOUT_OPTION                                             \
	{                                                          \
		"timeout", required_argument, NULL, OPTION_TIMEOUT \
	}
#define TIMEOUT_HELP "  --timeout S        wait S seconds for the agent; without this, 30\n"

/* Of commands that can change the persistent definition, too, or alone. */
#define OPTION_PERSISTENT 258
#define OPTION_CONFIG 259
#define SCOPE_OPTIONS                                           \
	{ "persistent", no_argument, NULL, OPTION_PERSISTENT }, \
	{                                                       \
		"config", no_argument, NULL, OPTION_CONFIG      \
	}

/* The options of all commands; ends a table. */
#define COMMON_OPTIONS                                                                   \
	{ "connect", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, \
		{ "controller", required_argument, NULL, OPTION_CONTROLLER },            \
		{ "json", no_argument, NULL, 'j' }, { "quiet", no_argument, NULL, 'q' }, \
	{                                                                                \
		0                                                                        \
	}

/* The next of the command's own options, or of the program's while no command runs, its value in
 * optarg; -1 at the end. Options and arguments may be mixed. What is wrong is remembered for
 * take_arguments(). */
int next_option(struct client *client, int argc, char **argv, const struct option *options);

/* Remembers what is wrong with the options; the first one counts. */
void set_problem(struct client *client, const char *format, ...) _printf_(2, 3);

/* The value of option --NAME as a number. Remembers a problem if it is none. */
unsigned number_option(struct client *client, const char *name, unsigned min, unsigned max);

/* The same, of --timeout: seconds in, milliseconds out. */
unsigned timeout_option(struct client *client);

/* Sets the scope that one of SCOPE_OPTIONS asks for. Remembers a problem if another one did. */
void set_scope(struct client *client, int option, enum hotslot_scope *scope);

/* A slot, as hotslot_slot_parse() takes it. Remembers a problem, and returns -1, if it is none. */
int parse_slot(struct client *client, const char *text);

/* What is left of the command line after its options. */
struct arguments {
	const char *domain; /* as the caller calls it */
	char **values;
	int count;
};

/* A command that takes any number of arguments. */
#define ANY_NUMBER INT_MAX

/* Takes the domain, unless the shell has a default one, and MIN to MAX other arguments. Returns
 * false if the command is over, since help was asked for or something is wrong: then that is
 * printed, and *ret_status says how the command ends. */
bool take_arguments(struct client *client, int argc, char **argv, int min, int max,
	struct arguments *ret, int *ret_status);

/* The same for a command that takes no domain. */
bool take_plain_arguments(struct client *client, int argc, char **argv, int min, int max,
	struct arguments *ret, int *ret_status);

/* Prints the help of a command. */
void print_command_help(const struct command *command, FILE *f);
