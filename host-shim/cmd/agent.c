/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot agent: what the agent in a guest says of itself. */
#include "commands.h"

#include <inttypes.h>

#include "options.h"
#include "output.h"

#define TIMEOUT_MS 30000 /* what the library takes where it may choose */

static void print_info(const struct hotslot_agent_info *info)
{
	_cleanup_free_ char *version = printable(info->version);
	_cleanup_free_ char *boot_id = printable(info->boot_id);
	_cleanup_free_ char *links = printable(info->links);
	_cleanup_free_ char *controller = printable(info->controller);

	printf("version     %s\n", version ? version : "");
	printf("boot id     %s\n", boot_id ? boot_id : "");
	printf("epoch       %" PRIu64 "\n", info->epoch);
	printf("links       %s\n", links ? links : "");
	printf("controller  %s\n", controller && *controller ? controller : "-");
}

json_t *agent_json(const struct hotslot_agent_info *info)
{
	return json_pack("{so so sI so so}", "version", json_text(info->version), "boot-id",
		json_text(info->boot_id), "epoch", (json_int_t)info->epoch, "links",
		json_text(info->links), "controller",
		json_text(*info->controller ? info->controller : NULL));
}

static json_t *info_to_json(struct hotslot_domain *domain, const struct hotslot_agent_info *info)
{
	json_t *object = json_pack("{ss}", "domain", hotslot_domain_name(domain));
	json_t *agent = agent_json(info);

	if (json_object_update(object, agent) < 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(agent);
	return object;
}

static int run_agent(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct hotslot_agent_info info = { .size = sizeof(info) };
	unsigned timeout_ms = TIMEOUT_MS;
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	struct arguments arguments;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		timeout_ms = timeout_option(client);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	if (client_find(client, arguments.domain, &domain, &error) < 0 ||
		hotslot_domain_connect(domain, timeout_ms, &info, &error) < 0)
		return fail(client, NULL, arguments.domain, &error, NULL);
	if (client->json)
		return finish(client, info_to_json(domain, &info));
	print_info(&info);
	return STATUS_DONE;
}

const struct command command_agent = {
	.name = "agent",
	.run = run_agent,
	.arguments = "DOM [options]",
	.summary = "Ask the agent in the guest who it is",
	.help = "  --timeout S        wait S seconds for it; without this, 30\n",
};
