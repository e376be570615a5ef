/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How PID 1 starts the agent, and the directories that it has to find. */
#pragma once

#include "options.h"

#define AGENT_PATH "/usr/lib/hotslot/hotslot-agent"

/* The root of PID 1, for whoever has another. */
#define INIT_ROOT "/proc/1/root"

/* The agent's arguments, with room for what they point to. */
struct agent_command {
	char *argv[2 * OPTION_MIRRORS_MAX + 3];
	char mirrors[OPTION_MIRRORS_MAX][sizeof(INIT_ROOT) + OPTION_MIRROR_SIZE];
};

/* Fills COMMAND as the options say and returns its argv. Mirrors are directories as PID 1 sees
 * them; an agent below OLD_ROOT (-1: it has the root of PID 1) gets to them through PID 1. Those
 * that are missing are made, and what fails is logged. */
char *const *agent_command_make(
	struct agent_command *command, const struct options *options, int old_root);
