/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot detach: frees slots, one after the other. */
#include "commands.h"

#include <string.h>

#include "interrupt.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "slot.h"
#include "users.h"
#include "wire.h"

/* A disk as it was named, and where it is. */
struct item {
	const char *reference;
	char text[40]; /* "slot 3", or the like of a disk without one */
	int slot;      /* -1: none, or not known yet */
	bool known;    /* its place is */
	unsigned target, lun;
};

/* A detach of several disks: those that are gone stay so when a later one fails. */
struct batch {
	struct client *client;
	struct hotslot_domain *domain;
	struct hotslot_detach_options options;
	bool stopped; /* a signal has ended the wait for one */
	struct users users;
	char progress[USER_TEXT_SIZE + 80];
	struct item *items;
	int count;
	const struct item *current;
	json_t *result; /* NULL without --json */
};

static void show_progress(struct batch *batch, bool at_once)
{
	progress_end();
	if (!batch->client->quiet)
		progress_begin(batch->progress, at_once);
}

static void show_wait(void *data)
{
	struct batch *batch = data;

	progress_end(); /* it reads the text */
	snprintf(batch->progress, sizeof(batch->progress), "waiting for %s: %s",
		batch->current->text, batch->users.waiting_for);
	show_progress(batch, false);
}

static bool stop_waiting(void *data)
{
	struct batch *batch = data;

	batch->stopped = interrupted();
	return batch->stopped;
}

static int detach_current(struct batch *batch, struct hotslot_error *error)
{
	int r;

	users_reset(&batch->users);
	r = hotslot_detach(batch->domain, batch->current->reference, &batch->options, error);
	return batch->stopped ? set_error(error, -EINTR, "not detached: interrupted") : r;
}

static void add_taken(struct batch *batch, json_t *user)
{
	json_t *list = json_object_get(batch->result, "taken-from");
	int slot = batch->current->slot;

	if (!list && json_object_set_new(batch->result, "taken-from", json_array()) == 0)
		list = json_object_get(batch->result, "taken-from");
	json_object_set_new(user, "slot", slot < 0 ? json_null() : json_integer(slot));
	json_array_append(list, user);
}

/* What is no use of the disk: the text after it, and whether the reason follows. */
static const struct {
	const char *kind, *text;
	bool reason;
} losses[] = {
	{ "unwritten", "was not written back: what the guest had yet to write may be lost", false },
	{ "unreleased",
		"was detached though the guest did not let go of it, and what it had yet to write "
		"may be lost",
		true },
	{ "unconfirmed", "is detached, but the guest did not confirm that it is gone", true },
};

static void describe_taken(const struct batch *batch, const json_t *user, char *ret, size_t size)
{
	const char *kind = json_string_value(json_object_get(user, "kind")) ?: "";
	const char *what = json_string_value(json_object_get(user, "what")) ?: "";
	char text[USER_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
		if (!strcmp(kind, losses[i].kind)) {
			snprintf(ret, size, "%s %s%s%s", batch->current->text, losses[i].text,
				losses[i].reason ? ": " : "", losses[i].reason ? what : "");
			return;
		}
	user_describe(user, text);
	snprintf(ret, size, "%s was taken from: %s", batch->current->text, text);
}

/* What a detach by force has broken. */
static void report_taken(struct batch *batch)
{
	char line[USER_TEXT_SIZE + 80];
	json_t *user;
	size_t i;

	json_array_foreach(batch->users.list, i, user)
	{
		describe_taken(batch, user, line, sizeof(line));
		if (!batch->client->quiet)
			print_line(batch->client, NULL, line, NULL);
		if (batch->client->json)
			add_taken(batch, user);
	}
}

/* All but that the guest has not said that it is gone, or that the definition has it still. */
static bool is_detached(const struct hotslot_error *error)
{
	return strcmp(error->step, "gone") == 0 || error->code == HOTSLOT_ERROR_PARTIAL;
}

static int detach_one(struct batch *batch, int i, struct hotslot_error *error)
{
	const struct item *item = batch->current = &batch->items[i];
	int r;

	if (interrupted())
		return set_error(error, -EINTR, "not detached: interrupted");
	snprintf(batch->progress, sizeof(batch->progress), "[%d/%d] detaching %s", i + 1,
		batch->count, item->text);
	batch->users.waiting_for[0] = '\0';
	show_progress(batch, batch->count > 1);
	r = detach_current(batch, error);
	progress_end();
	if (r == 0 || is_detached(error))
		report_taken(batch);
	if (r == 0 && batch->client->json)
		json_array_append_new(json_object_get(batch->result, "detached"),
			item->slot < 0 ? json_null() : json_integer(item->slot));
	return r;
}

static json_t *details_of(const struct batch *batch, const struct hotslot_error *error)
{
	return error->code == HOTSLOT_ERROR_DISK_BUSY
		       ? json_pack("{sO*}", "users", batch->users.list)
		       : partial_json(error);
}

/* A slot is more than its number. */
static const char *subject_of(const struct item *item)
{
	bool number = strspn(item->reference, "0123456789") == strlen(item->reference);

	return number && item->known ? item->text : item->reference;
}

static int run_batch(struct batch *batch)
{
	struct hotslot_error error = { 0 };

	if (batch->client->json)
		batch->result = json_pack(
			"{ss s[]}", "domain", hotslot_domain_name(batch->domain), "detached");
	for (int i = 0; i < batch->count; i++)
		if (detach_one(batch, i, &error) < 0) {
			char note[64] = "";

			if (i > 0)
				snprintf(note, sizeof(note), "the %d named before it %s detached",
					i, i == 1 ? "is" : "are");
			return fail_with(batch->client, batch->result, subject_of(&batch->items[i]),
				&error, i > 0 ? note : NULL, details_of(batch, &error));
		}
	return finish(batch->client, batch->result);
}

static void set_place(struct item *item, int slot, unsigned target, unsigned lun)
{
	item->known = true;
	item->slot = slot;
	item->target = target;
	item->lun = lun;
	if (slot >= 0)
		snprintf(item->text, sizeof(item->text), "slot %d", slot);
	else
		snprintf(item->text, sizeof(item->text), "target %u, LUN %u", target, lun);
}

static int resolve(struct hotslot_domain *domain, enum hotslot_scope scope, struct item *item,
	struct hotslot_error *error)
{
	struct hotslot_disk *disk;
	unsigned partition;
	bool running = scope != HOTSLOT_SCOPE_CONFIG;
	int r = running ? hotslot_resolve(domain, item->reference, &disk, &partition, error) : -1;

	/* It may have that name in the definition only. */
	if (!running || (r < 0 && scope == HOTSLOT_SCOPE_PERSISTENT &&
				error->code == HOTSLOT_ERROR_NO_DISK)) {
		partition = 0;
		r = hotslot_resolve_config(domain, item->reference, &disk, error);
	}
	if (r < 0)
		return r;
	set_place(item, disk->slot, disk->target, disk->lun);
	hotslot_disk_free(disk);
	if (partition == 0)
		return 0;
	error->code = HOTSLOT_ERROR_INVALID;
	snprintf(error->message, sizeof(error->message),
		"it names partition %u of the disk in %s; name the disk", partition, item->text);
	return -EINVAL;
}

static void check_twice(struct batch *batch)
{
	for (int i = 0; i < batch->count; i++)
		for (int k = 0; k < i; k++) {
			const struct item *a = &batch->items[i], *b = &batch->items[k];

			if (a->known && b->known && a->target == b->target && a->lun == b->lun)
				set_problem(batch->client, "%s is given twice", a->text);
		}
}

/* Slots by their form alone. */
static int take_slots(struct batch *batch, const struct arguments *arguments)
{
	struct hotslot_error error = { 0 };

	batch->count = arguments->count;
	batch->items = calloc((size_t)arguments->count, sizeof(*batch->items));
	if (!batch->items) {
		set_error(&error, -ENOMEM, "out of memory");
		return fail(batch->client, NULL, NULL, &error, NULL);
	}
	for (int i = 0; i < batch->count; i++) {
		struct item *item = &batch->items[i];
		int slot;

		*item = (struct item){ .reference = arguments->values[i], .slot = -1 };
		if (hotslot_slot_parse(item->reference, &slot, NULL) == 0)
			set_place(
				item, slot, slot_target((unsigned)slot), slot_lun((unsigned)slot));
	}
	check_twice(batch);
	if (batch->client->problem[0])
		return fail_usage(batch->client, batch->client->problem);
	return STATUS_DONE;
}

/* The others by asking; all are known before the first one is touched. */
static int detach_arguments(struct batch *batch, const struct arguments *arguments)
{
	struct hotslot_error error = { 0 };
	int status = take_slots(batch, arguments);

	if (status != STATUS_DONE)
		return status;
	if (client_find(batch->client, arguments->domain, &batch->domain, &error) < 0)
		return fail(batch->client, NULL, arguments->domain, &error, NULL);
	for (int i = 0; i < batch->count; i++)
		if (!batch->items[i].known &&
			resolve(batch->domain, batch->options.scope, &batch->items[i], &error) < 0)
			return fail(batch->client, NULL, batch->items[i].reference, &error, NULL);
	check_twice(batch);
	if (batch->client->problem[0])
		return fail_usage(batch->client, batch->client->problem);
	return run_batch(batch);
}

static void set_option(struct batch *batch, int option)
{
	if (option == 'f')
		batch->options.force = true;
	else if (option == 'F')
		batch->options.foreign = true;
	else if (option == OPTION_PERSISTENT || option == OPTION_CONFIG)
		set_scope(batch->client, option, &batch->options.scope);
	else if (option == 'w')
		batch->options.wait_ms = 1000 * number_option(batch->client, "wait", 0,
							HOTSLOT_DEADLINE_MAX_MS / 1000);
	else
		batch->options.timeout_ms = timeout_option(batch->client);
}

static int run_detach(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "foreign", no_argument, NULL, 'F' },
		SCOPE_OPTIONS,
		{ "timeout", required_argument, NULL, 't' },
		{ "wait", required_argument, NULL, 'w' },
		COMMON_OPTIONS,
	};
	struct batch batch = { .client = client, .options = HOTSLOT_DETACH_INIT };
	struct arguments arguments;
	int option, status;

	batch.options.user = users_add;
	batch.options.user_data = &batch.users;
	batch.options.interrupted = stop_waiting;
	batch.options.interrupted_data = &batch;
	batch.users.on_wait = show_wait;
	batch.users.data = &batch;
	while ((option = next_option(client, argc, argv, options)) >= 0)
		set_option(&batch, option);
	if (!take_arguments(client, argc, argv, 1, ANY_NUMBER, &arguments, &status))
		return status;
	status = detach_arguments(&batch, &arguments);
	users_done(&batch.users);
	free(batch.items);
	return status;
}

const struct command command_detach = {
	.name = "detach",
	.run = run_detach,
	.arguments = "DOM DISK... [options]",
	.summary = "Detach disks; the guest lets go of them first",
	.help = "  --force            even if the guest uses it\n"
		"  --foreign          even if somebody else has attached it\n"
		"  --persistent       from its definition, too: it stays away after the next boot\n"
		"  --config           from its definition alone; the domain may be shut off\n"
		"  --timeout S        wait S seconds for guest and host each; without this, 30\n"
		"  --wait S           wait S seconds for a disk that the guest uses\n",
};
