/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How PID 1 starts the agent, and the directories that it has to find. */
#include "agent-command.h"

#include <string.h>

#include "log.h"
#include "util.h"

/* On a root disk that is mounted read-only it must be there already, or be mounted later. */
static void make_mirror(const char *path)
{
	int r = make_directories(path);

	if (r < 0)
		log_warning(
			"cannot make the directory %s of hotslot.mirror=: %s", path, strerror(-r));
}

char *const *agent_command_make(
	struct agent_command *command, const struct options *options, int old_root)
{
	size_t n = 0;

	command->argv[n++] = (char *)AGENT_PATH;
	if (options->no_contents)
		command->argv[n++] = (char *)"--no-contents";
	for (size_t i = 0; i < options->n_mirrors; i++) {
		make_mirror(options->mirrors[i]);
		snprintf(command->mirrors[i], sizeof(command->mirrors[i]), "%s%s",
			old_root < 0 ? "" : INIT_ROOT, options->mirrors[i]);
		command->argv[n++] = (char *)"--mirror";
		command->argv[n++] = command->mirrors[i];
	}
	command->argv[n] = NULL;
	return command->argv;
}
