/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot resolve: all the names of a disk, or of a partition, from any of them. */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "table.h"

#define NUMBER_SIZE 12 /* an int, the NUL */

/* What a reference names. */
struct named {
	const char *reference;
	struct hotslot_disk *disk;
	const struct hotslot_partition *partition; /* in it; NULL: the whole disk */
	char device[32];			   /* as libguestfs counts; empty: none */
};

static int find(struct hotslot_domain *domain, const char *reference, bool config,
	struct named *ret, struct hotslot_error *error)
{
	struct named named = { .reference = reference };
	unsigned partition = 0;
	int r = config ? hotslot_resolve_config(domain, reference, &named.disk, error)
		       : hotslot_resolve(domain, reference, &named.disk, &partition, error);

	if (r < 0)
		return r;
	for (size_t i = 0; partition && i < named.disk->n_partitions; i++)
		if (named.disk->partitions[i].number == partition)
			named.partition = &named.disk->partitions[i];
	if (named.partition && named.disk->device)
		snprintf(named.device, sizeof(named.device), "%s%u", named.disk->device, partition);
	else if (named.disk->device)
		snprintf(named.device, sizeof(named.device), "%s", named.disk->device);
	*ret = named;
	return 0;
}

static void add(struct table *table, const char *key, const char *value)
{
	table_add(table, key);
	table_add(table, value);
}

static void add_number(struct table *table, const char *key, unsigned value)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%u", value);
	add(table, key, text);
}

static void add_names(struct table *table, const struct named *named)
{
	const struct hotslot_partition *partition = named->partition;
	const struct hotslot_disk *disk = named->disk;

	add(table, "device", named->device);
	add(table, "by-slot", partition ? partition->by_slot : disk->by_slot);
	add(table, "by-serial", partition ? partition->by_serial : disk->by_serial);
	add(table, "name", partition ? partition->name : disk->name);
	add(table, "devnum", partition ? partition->devnum : disk->devnum);
}

static int print_named(const struct named *named)
{
	const struct hotslot_disk *disk = named->disk;
	struct table *table = table_new(2, 0);

	if (!table)
		return -ENOMEM;
	add(table, "reference", named->reference);
	if (disk->slot >= 0)
		add_number(table, "slot", (unsigned)disk->slot);
	else
		add(table, "slot", NULL);
	if (named->partition)
		add_number(table, "partition", named->partition->number);
	add_names(table, named);
	add_number(table, "target", disk->target);
	add_number(table, "lun", disk->lun);
	add(table, "serial", disk->serial);
	add(table, "alias", disk->alias);
	add(table, "id", disk->id);
	add(table, "target-dev", disk->target_dev);
	add(table, "source", disk->source);
	add(table, "format", disk->format);
	return table_print(table, stdout);
}

static json_t *named_json(const struct named *named)
{
	json_t *object = disk_json(named->disk);
	json_t *partition = named->partition ? partition_json(named->partition) : json_null();

	if (named->partition)
		json_object_set_new(
			partition, "device", json_text(*named->device ? named->device : NULL));
	if (object && json_object_set_new(object, "partition", partition) == 0 &&
		json_object_set_new(object, "reference", json_text(named->reference)) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int show(struct client *client, const struct named *named, json_t *disks, bool first)
{
	if (client->json)
		return json_array_append_new(disks, named_json(named));
	if (!first)
		putchar('\n');
	return print_named(named);
}

/* All of them, or nothing is printed. */
static int resolve_all(struct client *client, struct hotslot_domain *domain,
	const struct arguments *arguments, bool config, struct named *named, json_t *result)
{
	json_t *disks = json_object_get(result, "disks");
	struct hotslot_error error = { 0 };

	for (int i = 0; i < arguments->count; i++)
		if (find(domain, arguments->values[i], config, &named[i], &error) < 0)
			return fail(client, result, arguments->values[i], &error, NULL);
	for (int i = 0; i < arguments->count; i++)
		if (show(client, &named[i], disks, i == 0) < 0) {
			set_error(&error, -ENOMEM, "out of memory");
			return fail(client, result, arguments->values[i], &error, NULL);
		}
	return finish(client, result);
}

static int resolve_arguments(struct client *client, struct hotslot_domain *domain,
	const struct arguments *arguments, bool config)
{
	struct named *named = calloc((size_t)arguments->count, sizeof(*named));
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int status;

	if (!named) {
		set_error(&error, -ENOMEM, "out of memory");
		return fail(client, NULL, NULL, &error, NULL);
	}
	if (client->json)
		result = json_pack("{ss s[]}", "domain", hotslot_domain_name(domain), "disks");
	status = resolve_all(client, domain, arguments, config, named, result);
	for (int i = 0; i < arguments->count; i++)
		hotslot_disk_free(named[i].disk);
	free(named);
	return status;
}

static int run_resolve(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", no_argument, NULL, 'C' },
		TIMEOUT_OPTION,
		COMMON_OPTIONS,
	};
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	struct arguments arguments;
	bool config = false;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		config = true;
	if (!take_arguments(client, argc, argv, 1, ANY_NUMBER, &arguments, &status))
		return status;
	if (client_find(client, arguments.domain, &domain, &error) < 0)
		return fail(client, NULL, arguments.domain, &error, NULL);
	return resolve_arguments(client, domain, &arguments, config);
}

const struct command command_resolve = {
	.name = "resolve",
	.run = run_resolve,
	.arguments = "DOM DISK... [options]",
	.summary = "Print all the names of disks, from any of them",
	.help = "  --config           of the disks of its definition; the domain may be shut "
		"off\n" TIMEOUT_HELP,
};
