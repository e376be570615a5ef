/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot enable, hotslot disable: what a domain needs for disks to be attached to it. */
#include "commands.h"

#include "options.h"
#include "output.h"

typedef int (*change_fn)(
	struct hotslot_domain *domain, hotslot_part_fn fn, void *data, struct hotslot_error *error);

struct parts {
	json_t *list; /* NULL: as text */
	unsigned count;
};

static const char *when(const struct hotslot_part *part)
{
	if (part->state == HOTSLOT_PART_KEPT)
		return "others need it";
	if (part->state == HOTSLOT_PART_PENDING)
		return "with the next boot";
	if (part->now && part->next_boot)
		return "now and from the next boot on";
	return part->now ? "now" : "from the next boot on";
}

static json_t *part_json(const struct hotslot_part *part)
{
	return json_pack("{ss ss so so sb sb}", "state", hotslot_part_state_name(part->state),
		"kind", part->kind, "index",
		part->index < 0 ? json_null() : json_integer(part->index), "alias",
		json_text(part->alias), "now", part->now, "next-boot", part->next_boot);
}

static void add(void *data, const struct hotslot_part *part)
{
	struct parts *parts = data;

	parts->count++;
	if (parts->list)
		json_array_append_new(parts->list, part_json(part));
	else if (part->index < 0)
		printf("channel %s: %s\n", hotslot_part_state_name(part->state), when(part));
	else
		printf("controller %s %d %s: %s\n", part->kind, part->index,
			hotslot_part_state_name(part->state), when(part));
}

static int run(struct client *client, int argc, char **argv, change_fn change, const char *none)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct parts parts = { 0 };
	struct hotslot_domain *domain = NULL;
	struct hotslot_error error = { 0 };
	struct arguments arguments;
	json_t *result = NULL;
	int status, r;

	next_option(client, argc, argv, options);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	parts.list = client->json ? json_array() : NULL;
	r = client_find(client, arguments.domain, &domain, &error);
	if (r == 0)
		r = change(domain, add, &parts, &error);
	if (domain && client->json)
		result = json_pack(
			"{ss sO}", "domain", hotslot_domain_name(domain), "parts", parts.list);
	json_decref(parts.list);
	if (r < 0)
		return fail(client, result, arguments.domain, &error, NULL);
	if (parts.count == 0 && !client->quiet && !client->json)
		print_line(client, arguments.domain, none, NULL);
	return finish(client, result);
}

static int run_enable(struct client *client, int argc, char **argv)
{
	return run(client, argc, argv, hotslot_enable, "ready already");
}

static int run_disable(struct client *client, int argc, char **argv)
{
	return run(client, argc, argv, hotslot_disable, "nothing was added to it");
}

const struct command command_enable = {
	.name = "enable",
	.run = run_enable,
	.arguments = "DOM [options]",
	.summary = "Give a domain the channel and the controllers that it lacks",
};

const struct command command_disable = {
	.name = "disable",
	.run = run_disable,
	.arguments = "DOM [options]",
	.summary = "Take back what enable has given a domain",
};
