/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot detach: frees slots, one after the other. */
#include "commands.h"

#include "interrupt.h"
#include "options.h"
#include "output.h"
#include "progress.h"

/* A detach of several slots: those that are free stay so when a later one fails. */
struct batch {
	struct client *client;
	struct hotslot_domain *domain;
	struct hotslot_detach_options options;
	int *slots;
	int count;
	json_t *result; /* NULL without --json */
};

static int detach_one(struct batch *batch, int i, struct hotslot_error *error)
{
	char text[64];
	int r;

	if (interrupted())
		return set_error(error, -EINTR, "not detached: interrupted");
	snprintf(text, sizeof(text), "[%d/%d] detaching slot %d", i + 1, batch->count,
		batch->slots[i]);
	if (!batch->client->quiet)
		progress_begin(text, batch->count > 1);
	r = hotslot_detach(batch->domain, batch->slots[i], &batch->options, error);
	progress_end();
	if (r == 0 && batch->client->json)
		json_array_append_new(
			json_object_get(batch->result, "detached"), json_integer(batch->slots[i]));
	return r;
}

static int run_batch(struct batch *batch)
{
	struct hotslot_error error = { 0 };

	if (batch->client->json)
		batch->result = json_pack(
			"{ss s[]}", "domain", hotslot_domain_name(batch->domain), "detached");
	for (int i = 0; i < batch->count; i++)
		if (detach_one(batch, i, &error) < 0) {
			char subject[32], note[64] = "";

			snprintf(subject, sizeof(subject), "slot %d", batch->slots[i]);
			if (i > 0)
				snprintf(note, sizeof(note), "the %d named before it %s detached",
					i, i == 1 ? "is" : "are");
			return fail(
				batch->client, batch->result, subject, &error, i > 0 ? note : NULL);
		}
	return finish(batch->client, batch->result);
}

/* All slots are checked before the first one is touched. */
static int parse_slots(struct batch *batch, const struct arguments *arguments)
{
	struct hotslot_error error = { 0 };

	batch->count = arguments->count;
	batch->slots = calloc((size_t)arguments->count, sizeof(*batch->slots));
	if (!batch->slots) {
		set_error(&error, -ENOMEM, "out of memory");
		return fail(batch->client, NULL, NULL, &error, NULL);
	}
	for (int i = 0; i < arguments->count; i++)
		batch->slots[i] = parse_slot(batch->client, arguments->values[i]);
	for (int i = 0; i < batch->count; i++)
		for (int k = 0; k < i && !batch->client->problem[0]; k++)
			if (batch->slots[i] == batch->slots[k])
				snprintf(batch->client->problem, sizeof(batch->client->problem),
					"slot %d is given twice", batch->slots[i]);
	if (batch->client->problem[0])
		return fail_usage(batch->client, batch->client->problem);
	return STATUS_DONE;
}

static int detach_arguments(struct batch *batch, const struct arguments *arguments)
{
	struct hotslot_error error = { 0 };
	int status = parse_slots(batch, arguments);

	if (status != STATUS_DONE)
		return status;
	if (client_find(batch->client, arguments->domain, &batch->domain, &error) < 0)
		return fail(batch->client, NULL, arguments->domain, &error, NULL);
	return run_batch(batch);
}

static int run_detach(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct batch batch = { .client = client, .options = HOTSLOT_DETACH_INIT };
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 'f')
			batch.options.force = true;
		else
			batch.options.timeout_ms = timeout_option(client);
	}
	if (!take_arguments(client, argc, argv, 1, ANY_NUMBER, &arguments, &status))
		return status;
	status = detach_arguments(&batch, &arguments);
	free(batch.slots);
	return status;
}

const struct command command_detach = {
	.name = "detach",
	.run = run_detach,
	.arguments = "DOM SLOT... [options]",
	.summary = "Detach disks; the guest lets go of them first",
	.help = "  --force            even if the guest uses it\n"
		"  --timeout S        wait S seconds for guest and host each; without this, 30\n",
};
