/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot list: the disks of a domain, as host and guest see them. */
#include "commands.h"

#include <inttypes.h>

#include "options.h"
#include "output.h"
#include "table.h"

struct view {
	bool bytes;
	bool details;
};

static const char *const headings[] = { "SLOT", "SIZE", "SERIAL", "NAME", "TYPE", "LABEL", "FLAGS",
	"SOURCE" };
#define RIGHT_COLUMNS 0x3 /* SLOT, SIZE */

#define INDENT "      " /* of the lines of --long */

#define NUMBER_SIZE 24 /* a 64-bit number, a unit, the NUL */

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

/* As lsblk writes sizes: powers of 1024, rounded to a tenth. */
static void format_size(uint64_t size, bool bytes, char ret[static NUMBER_SIZE])
{
	const char *unit = "BKMGTPE";
	double value = (double)size;
	unsigned tenths;

	for (; value >= 1023.95 && unit[1]; unit++)
		value /= 1024;
	tenths = (unsigned)(value * 10 + 0.5);
	if (bytes)
		snprintf(ret, NUMBER_SIZE, "%" PRIu64, size);
	else if (tenths % 10 == 0)
		snprintf(ret, NUMBER_SIZE, "%u%c", tenths / 10, *unit);
	else
		snprintf(ret, NUMBER_SIZE, "%u.%u%c", tenths / 10, tenths % 10, *unit);
}

#define FLAGS_SIZE 80 /* all of them at once */

static void format_flags(const struct hotslot_disk *disk, char ret[static FLAGS_SIZE])
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{ disk->visible ? disk->read_only : disk->host_read_only, "ro" },
		{ disk->foreign, "foreign" },
		{ !disk->attached, "guest-only" },
		{ !disk->visible, "not-visible" },
		{ disk->conflict, "conflict" },
		{ disk->state && disk->state[0] == 'r', "released" },
	};
	int len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].set)
			len += snprintf(ret + len, FLAGS_SIZE - (size_t)len, "%s%s", len ? "," : "",
				flags[i].name);
}

/* What is on the disk, "?" if that is not known. */
static const char *contents_type(const struct hotslot_disk *disk)
{
	if (disk->type)
		return disk->type;
	if (disk->table)
		return disk->table;
	return disk->visible && disk->contents && disk->contents[0] == 'k' ? NULL : "?";
}

static void add_disk(struct table *table, const struct hotslot_disk *disk, const struct view *view)
{
	char slot[NUMBER_SIZE] = "", size[NUMBER_SIZE] = "", flags[FLAGS_SIZE];

	if (disk->slot >= 0)
		snprintf(slot, sizeof(slot), "%d", disk->slot);
	if (disk->size > 0)
		format_size(disk->size, view->bytes, size);
	format_flags(disk, flags);
	table_add(table, slot);
	table_add(table, size);
	table_add(table, disk->serial);
	table_add(table, disk->name);
	table_add(table, contents_type(disk));
	table_add(table, disk->label);
	table_add(table, flags);
	table_add(table, disk->source);
}

/* A line of --long, unless there is nothing to say. */
static void add_text(struct table *table, const char *what, const char *text)
{
	if (text)
		table_add_line(table, INDENT "%s%s", what, text);
}

static void add_partition(
	struct table *table, const struct hotslot_partition *partition, const struct view *view)
{
	char size[NUMBER_SIZE];

	format_size(partition->size, view->bytes, size);
	table_add_line(table, INDENT "partition %u: %s  %s  %s  %s", partition->number,
		partition->name, size, or_dash(partition->type), or_dash(partition->label));
	add_text(table, "  ", partition->by_slot);
	add_text(table, "  ", partition->by_serial);
}

static void add_details(
	struct table *table, const struct hotslot_disk *disk, const struct view *view)
{
	add_text(table, "", disk->by_slot);
	add_text(table, "", disk->by_serial);
	table_add_line(table,
		INDENT "target %u  lun %u  devnum %s  diskseq %" PRIu64 "  block size %" PRIu32,
		disk->target, disk->lun, or_dash(disk->devnum), disk->diskseq, disk->block_size);
	add_text(table, "alias ", disk->alias);
	add_text(table, "uuid ", disk->uuid);
	for (size_t i = 0; i < disk->n_partitions; i++)
		add_partition(table, &disk->partitions[i], view);
}

static int print_table(
	struct client *client, struct hotslot_disk **disks, size_t count, const struct view *view)
{
	struct table *table = table_new(ARRAY_SIZE(headings), RIGHT_COLUMNS);
	struct hotslot_error error = { 0 };

	for (size_t i = 0; table && i < ARRAY_SIZE(headings); i++)
		table_add(table, headings[i]);
	for (size_t i = 0; table && i < count; i++) {
		add_disk(table, disks[i], view);
		if (view->details)
			add_details(table, disks[i], view);
	}
	if (table && table_print(table, stdout) == 0)
		return STATUS_DONE;
	set_error(&error, -ENOMEM, "out of memory");
	return fail(client, NULL, NULL, &error, NULL);
}

static int print_json(struct client *client, struct hotslot_domain *domain,
	struct hotslot_disk **disks, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(array, disk_json(disks[i])) < 0) {
			json_decref(array);
			array = NULL;
		}
	return finish(client,
		json_pack("{ss so}", "domain", hotslot_domain_name(domain), "disks", array));
}

static int list_domain(struct client *client, const char *name, const struct view *view)
{
	struct hotslot_domain *domain;
	struct hotslot_disk **disks;
	struct hotslot_error error = { 0 };
	size_t count;
	int status;

	if (client_find(client, name, &domain, &error) < 0 ||
		hotslot_list(domain, &disks, &count, &error) < 0)
		return fail(client, NULL, name, &error, NULL);
	if (client->json)
		status = print_json(client, domain, disks, count);
	else
		status = print_table(client, disks, count, view);
	hotslot_disks_free(disks, count);
	return status;
}

static int run_list(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "long", no_argument, NULL, 'l' },
		COMMON_OPTIONS,
	};
	struct view view = { 0 };
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 'b')
			view.bytes = true;
		else
			view.details = true;
	}
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return list_domain(client, arguments.domain, &view);
}

const struct command command_list = {
	.name = "list",
	.run = run_list,
	.arguments = "DOM [options]",
	.summary = "List the disks of a domain as host and guest see them",
	.help = "  --bytes            sizes in bytes\n"
		"  --long             links, addresses and partitions, too\n",
};
