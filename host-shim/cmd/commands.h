/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands; most have a file of their own. */
#pragma once

#include "client.h"

extern const struct command command_launch, command_attach, command_detach, command_resize,
	command_list, command_resolve, command_shutdown, command_agent, command_shell, command_use,
	command_help, command_quit, command_exit, command_reserve, command_unreserve,
	command_repair, command_doctor, command_watch, command_start, command_status, command_adopt,
	command_enable, command_disable;

/* The first command from *POSITION on that may be called here, NULL after the last one. Moves
 * *POSITION, which starts at 0, past it. */
const struct command *next_command(const struct client *client, size_t *position);

/* Runs the command that ARGV names. Returns its status. */
int run_command(struct client *client, int argc, char **argv);

/* Prints what commands there are. */
void print_commands(const struct client *client, FILE *f);
