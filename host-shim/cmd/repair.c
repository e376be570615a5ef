/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot repair: finishes or undoes what commands that were broken off have left. */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "progress.h"

struct repaired {
	json_t *list; /* NULL: as text */
	unsigned count;
};

static void add(void *data, int slot, const char *text)
{
	struct repaired *repaired = data;
	_cleanup_free_ char *line = printable(text);

	repaired->count++;
	progress_clear();
	if (repaired->list)
		json_array_append_new(repaired->list,
			json_pack("{so so}", "slot", slot < 0 ? json_null() : json_integer(slot),
				"text", json_text(text)));
	else if (slot < 0)
		printf("%s\n", line ?: "");
	else
		printf("slot %d: %s\n", slot, line ?: "");
}

static int repair(struct client *client, const char *name, unsigned timeout_ms)
{
	struct repaired repaired = { .list = client->json ? json_array() : NULL };
	struct hotslot_domain *domain = NULL;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int r = client_find(client, name, &domain, &error);

	if (r == 0 && !client->quiet)
		progress_begin("repairing", false);
	if (r == 0)
		r = hotslot_repair(domain, timeout_ms, add, &repaired, &error);
	progress_end();
	if (domain && client->json)
		result = json_pack("{ss sO}", "domain", hotslot_domain_name(domain), "repaired",
			repaired.list);
	json_decref(repaired.list);
	if (r < 0)
		return fail(client, result, name, &error, NULL);
	if (repaired.count == 0 && !client->quiet && !client->json)
		print_line(client, name, "nothing to repair", NULL);
	return finish(client, result);
}

static int run_repair(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct arguments arguments;
	unsigned timeout_ms = 0;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		timeout_ms = timeout_option(client);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return repair(client, arguments.domain, timeout_ms);
}

const struct command command_repair = {
	.name = "repair",
	.run = run_repair,
	.arguments = "DOM [options]",
	.summary = "Finish or undo what commands that were broken off have left",
	.help = "  --timeout S        wait S seconds for the agent; without this, 30\n",
};
