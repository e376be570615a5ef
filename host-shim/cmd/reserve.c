/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot reserve, hotslot unreserve: slots that automatic choice passes over. */
#include "commands.h"

#include <string.h>

#include "options.h"
#include "output.h"
#include "slot.h"

typedef int (*change_fn)(
	struct hotslot_domain *domain, const int *slots, size_t count, struct hotslot_error *error);

struct slots {
	int *slots;
	size_t count, room;
};

static int add_slot(struct slots *list, int slot)
{
	if (list->count == list->room) {
		size_t room = 2 * list->room + 16;
		int *slots = reallocarray(list->slots, room, sizeof(int));

		if (!slots)
			return -ENOMEM;
		list->slots = slots;
		list->room = room;
	}
	list->slots[list->count++] = slot;
	return 0;
}

/* A slot, in any way to write one, or a range, "4-9". */
static int parse_range(struct client *client, const char *text, int *ret_last)
{
	size_t digits = strspn(text, "0123456789");
	char first[16];
	int slot;

	if (digits == 0 || digits >= sizeof(first) || text[digits] != '-')
		return *ret_last = parse_slot(client, text);
	memcpy(first, text, digits);
	first[digits] = '\0';
	slot = parse_slot(client, first);
	*ret_last = parse_slot(client, text + digits + 1);
	if (*ret_last < slot)
		set_problem(client, "'%s' is no range: it ends before it begins", text);
	return slot;
}

/* All are read before the first one is reserved. */
static int parse_slots(struct client *client, const struct arguments *arguments, struct slots *list)
{
	struct hotslot_error error = { 0 };

	for (int i = 0; i < arguments->count; i++) {
		int last, slot = parse_range(client, arguments->values[i], &last);

		if (client->problem[0])
			return fail_usage(client, client->problem);
		for (; slot <= last; slot++)
			if (add_slot(list, slot) < 0) {
				set_error(&error, -ENOMEM, "out of memory");
				return fail(client, NULL, NULL, &error, NULL);
			}
	}
	return STATUS_DONE;
}

static json_t *slots_to_json(
	struct hotslot_domain *domain, const char *member, const struct slots *list)
{
	json_t *result = json_pack("{ss s[]}", "domain", hotslot_domain_name(domain), member);

	for (size_t i = 0; i < list->count && result; i++)
		json_array_append_new(
			json_object_get(result, member), json_integer(list->slots[i]));
	return result;
}

static int print_slots(
	struct client *client, struct hotslot_domain *domain, const struct slots *list)
{
	for (size_t i = 0; i < list->count && !client->json; i++)
		printf("%d\n", list->slots[i]);
	return finish(client, client->json ? slots_to_json(domain, "reserved", list) : NULL);
}

/* CHANGE is NULL to list what is reserved; MEMBER names the slots in JSON. */
static int run_on_slots(struct client *client, const struct arguments *arguments, change_fn change,
	const char *member)
{
	struct hotslot_error error = { 0 };
	struct hotslot_domain *domain;
	struct slots list = { 0 };
	int status = parse_slots(client, arguments, &list), r;

	if (status != STATUS_DONE) {
		free(list.slots);
		return status;
	}
	r = client_find(client, arguments->domain, &domain, &error);
	if (r == 0 && change)
		r = change(domain, list.slots, list.count, &error);
	else if (r == 0)
		r = hotslot_reserved(domain, &list.slots, &list.count, &error);
	if (r < 0)
		status = fail(client, NULL, arguments->domain, &error, NULL);
	else if (change)
		status = finish(client, client->json ? slots_to_json(domain, member, &list) : NULL);
	else
		status = print_slots(client, domain, &list);
	free(list.slots);
	return status;
}

static int run(
	struct client *client, int argc, char **argv, int min, change_fn change, const char *member)
{
	static const struct option options[] = { TIMEOUT_OPTION, COMMON_OPTIONS };
	struct arguments arguments;
	int status;

	next_option(client, argc, argv, options);
	if (!take_arguments(client, argc, argv, min, ANY_NUMBER, &arguments, &status))
		return status;
	return run_on_slots(client, &arguments, arguments.count > 0 ? change : NULL, member);
}

static int run_reserve(struct client *client, int argc, char **argv)
{
	return run(client, argc, argv, 0, hotslot_reserve, "reserved");
}

static int run_unreserve(struct client *client, int argc, char **argv)
{
	return run(client, argc, argv, 1, hotslot_unreserve, "unreserved");
}

const struct command command_reserve = {
	.name = "reserve",
	.run = run_reserve,
	.arguments = "DOM [SLOT...] [options]",
	.summary = "Keep slots, or ranges of them, from being chosen; list those that are kept",
	.help = TIMEOUT_HELP,
};

const struct command command_unreserve = {
	.name = "unreserve",
	.run = run_unreserve,
	.arguments = "DOM SLOT... [options]",
	.summary = "Give reserved slots back",
	.help = TIMEOUT_HELP,
};
