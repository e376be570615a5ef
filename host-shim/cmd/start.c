/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot start: starts a domain, and waits until its guest has confirmed its disks. */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "progress.h"

static int start_domain(
	struct client *client, const char *name, const struct hotslot_start_options *options)
{
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int r;

	if (client_find(client, name, &domain, &error) < 0)
		return fail(client, NULL, name, &error, NULL);
	if (!client->quiet)
		progress_begin("booting", false);
	r = hotslot_start(domain, options, &error);
	progress_end();
	if (r < 0)
		return fail(client, NULL, name, &error, NULL);
	if (client->json)
		result = json_pack("{ss ss}", "domain", hotslot_domain_name(domain), "uuid",
			hotslot_domain_uuid(domain));
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
	return start_domain(client, arguments.domain, &how);
}

const struct command command_start = {
	.name = "start",
	.run = run_start,
	.arguments = "DOM [options]",
	.summary = "Start a domain and wait until its guest has confirmed its disks",
	.help = "  --timeout S        wait S seconds for the guest; without this, 60\n",
};
