/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot start, hotslot shutdown: has a domain run, and not any more, and waits for that. */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "progress.h"

/* One of the two is NULL. */
static int run(struct client *client, const char *name, const struct hotslot_start_options *start,
	const struct hotslot_shutdown_options *shutdown)
{
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int r;

	if (client_find(client, name, &domain, &error) < 0)
		return fail(client, NULL, name, &error, NULL);
	if (!client->quiet)
		progress_begin(start ? "booting" : "shutting down", false);
	r = start ? hotslot_start(domain, start, &error)
		  : hotslot_shutdown(domain, shutdown, &error);
	progress_end();
	if (r < 0)
		return fail(client, NULL, name, &error, NULL);
	if (client->json)
		result = json_pack("{ss}", "domain", hotslot_domain_name(domain));
	if (result && start)
		json_object_set_new(result, "uuid", json_text(hotslot_domain_uuid(domain)));
	if (shutdown)
		client_forget(client, domain);
	return finish(client, result);
}

static int run_start(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct hotslot_start_options how = HOTSLOT_START_INIT;
	struct arguments arguments;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		how.timeout_ms = timeout_option(client);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return run(client, arguments.domain, &how, NULL);
}

const struct command command_start = {
	.name = "start",
	.run = run_start,
	.arguments = "DOM [options]",
	.summary = "Start a domain and wait until its guest has confirmed its disks",
	.help = "  --timeout S        wait S seconds for the guest; without this, 60\n",
};

static int run_shutdown(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct hotslot_shutdown_options how = HOTSLOT_SHUTDOWN_INIT;
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 'f')
			how.force = true;
		else
			how.timeout_ms = timeout_option(client);
	}
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return run(client, arguments.domain, NULL, &how);
}

const struct command command_shutdown = {
	.name = "shutdown",
	.run = run_shutdown,
	.arguments = "DOM [options]",
	.summary = "Have the guest power off and wait until it has",
	.help = "  --force            do not ask the guest: end it at once\n"
		"  --timeout S        wait S seconds for the guest; without this, 30\n",
};
