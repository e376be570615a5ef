/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot list: the disks of a domain, as host and guest see them. */
#include "commands.h"

#include <inttypes.h>

#include "disk-text.h"
#include "options.h"
#include "output.h"
#include "selection.h"
#include "table.h"
#include "timing-text.h"

struct view {
	bool bytes;
	bool details;
	bool config; /* of the definition */
	bool timing;
};

static const char *const headings[] = { "SLOT", "SIZE", "SERIAL", "NAME", "TYPE", "LABEL", "FLAGS",
	"SOURCE" };
#define RIGHT_COLUMNS 0x3 /* SLOT, SIZE */
#define SLOT_COLUMN 0
#define FLAGS_COLUMN 6

#define INDENT "      " /* of the lines of --long */

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void add_disk(struct table *table, const struct hotslot_disk *disk, bool reserved,
	const struct view *view)
{
	char slot[SIZE_TEXT_SIZE] = "", size[SIZE_TEXT_SIZE] = "", flags[FLAGS_TEXT_SIZE];
	struct hotslot_disk defined = *disk;

	/* Whether it is there now is not the question. */
	defined.attached = defined.visible = true;
	defined.read_only = disk->host_read_only;

	if (disk->slot >= 0)
		snprintf(slot, sizeof(slot), "%d", disk->slot);
	if (disk->size > 0)
		format_size(disk->size, view->bytes, size);
	format_flags(view->config ? &defined : disk, reserved, flags);
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
	char size[SIZE_TEXT_SIZE];

	format_size(partition->size, view->bytes, size);
	table_add_line(table, INDENT "partition %u: %s  %s  %s  %s", partition->number,
		partition->name, size, or_dash(partition->type), or_dash(partition->label));
	add_text(table, "  ", partition->by_slot);
	add_text(table, "  ", partition->by_serial);
}

static void add_address(
	struct table *table, const struct hotslot_disk *disk, const struct view *view)
{
	if (view->config)
		table_add_line(table, INDENT "target %u  lun %u", disk->target, disk->lun);
	else
		table_add_line(table,
			INDENT "target %u  lun %u  devnum %s  diskseq %" PRIu64
			       "  block size %" PRIu32,
			disk->target, disk->lun, or_dash(disk->devnum), disk->diskseq,
			disk->block_size);
}

static void add_details(
	struct table *table, const struct hotslot_disk *disk, const struct view *view)
{
	add_text(table, "", disk->by_slot);
	add_text(table, "", disk->by_serial);
	add_address(table, disk, view);
	add_text(table, "device ", disk->device);
	add_text(table, "alias ", disk->alias);
	if (disk->persistence == HOTSLOT_PERSISTENCE_YES && !view->config)
		add_text(table, "", "persistent");
	add_text(table, "target dev ", disk->target_dev);
	add_text(table, "format ", disk->format);
	add_text(table, "uuid ", disk->uuid);
	for (size_t i = 0; i < disk->n_partitions; i++)
		add_partition(table, &disk->partitions[i], view);
}

/* A row of reserved slots with no disk. */
static void add_reserved(struct table *table, int first, int last)
{
	char slots[2 * SIZE_TEXT_SIZE];

	if (first == last)
		snprintf(slots, sizeof(slots), "%d", first);
	else
		snprintf(slots, sizeof(slots), "%d-%d", first, last);
	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		table_add(table, i == SLOT_COLUMN ? slots : i == FLAGS_COLUMN ? "reserved" : NULL);
}

/* Adds the reserved slots from *AT on that are below LIMIT. */
static void add_reserved_below(
	struct table *table, const struct selection *selection, size_t *at, int limit)
{
	while (*at < selection->n_reserved && selection->reserved[*at] < limit) {
		int first = selection->reserved[(*at)++], last = first;

		while (*at < selection->n_reserved && selection->reserved[*at] == last + 1 &&
			last + 1 < limit) {
			last++;
			(*at)++;
		}
		add_reserved(table, first, last);
	}
}

static void add_rows(
	struct table *table, const struct selection *selection, const struct view *view)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		table_add(table, headings[i]);
	for (size_t i = 0; i < selection->n_disks; i++) {
		const struct hotslot_disk *disk = selection->disks[i];
		bool reserved;

		add_reserved_below(table, selection, &at, disk->slot < 0 ? INT_MAX : disk->slot);
		reserved = at < selection->n_reserved && selection->reserved[at] == disk->slot;
		at += reserved;
		add_disk(table, disk, reserved, view);
		if (view->details)
			add_details(table, disk, view);
	}
	add_reserved_below(table, selection, &at, INT_MAX);
}

static int print_table(
	struct client *client, const struct selection *selection, const struct view *view)
{
	struct table *table = table_new(ARRAY_SIZE(headings), RIGHT_COLUMNS);
	struct hotslot_error error = { 0 };

	if (table) {
		add_rows(table, selection, view);
		if (table_print(table, stdout) == 0)
			return STATUS_DONE;
	}
	set_error(&error, -ENOMEM, "out of memory");
	return fail(client, NULL, NULL, &error, NULL);
}

/* An agent that tells no times tells none of any disk: once will do. */
static void print_timing_problem(struct client *client, const struct selection *selection)
{
	for (size_t i = 0; i < selection->n_disks && !client->quiet; i++) {
		const struct hotslot_times *times = selection->disks[i]->times;
		const char *problem = times ? timing_problem(times) : NULL;

		if (!problem)
			continue;
		print_line(client, NULL, problem, NULL);
		return;
	}
}

static int print_timing(struct client *client, const struct selection *selection)
{
	struct hotslot_error error = { 0 };

	if (timing_print_list(selection, stdout) < 0) {
		set_error(&error, -ENOMEM, "out of memory");
		return fail(client, NULL, NULL, &error, NULL);
	}
	return STATUS_DONE;
}

/* NULL if there is no memory. */
static json_t *disks_json(const struct selection *selection)
{
	json_t *array = json_array();

	for (size_t i = 0; i < selection->n_disks; i++)
		if (json_array_append_new(array, disk_json(selection->disks[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *reserved_json(const struct selection *selection)
{
	json_t *array = json_array();

	for (size_t i = 0; i < selection->n_reserved; i++)
		if (json_array_append_new(array, json_integer(selection->reserved[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *labels_json(const char **labels, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_text(labels[i]));
	return array;
}

static int print_json(
	struct client *client, struct hotslot_domain *domain, const struct selection *selection)
{
	struct hotslot_agent_info info = { .size = sizeof(info) };
	struct hotslot_error error = { 0 };
	_cleanup_free_ const char **labels = NULL;
	size_t n_labels = 0;
	int r = 0;

	if (!selection->config)
		r = hotslot_domain_connect(domain, client->timeout_ms, &info, &error);
	if (r == 0)
		r = (selection->config ? hotslot_labels_config : hotslot_labels)(
			domain, &labels, &n_labels, &error);
	if (r < 0)
		return fail(client, NULL, hotslot_domain_name(domain), &error, NULL);
	return finish(client, json_pack("{ss so so so so}", "domain", hotslot_domain_name(domain),
				      "links", json_text(selection->config ? NULL : info.links),
				      "labels", labels_json(labels, n_labels), "disks",
				      disks_json(selection), "reserved", reserved_json(selection)));
}

static int list_domain(
	struct client *client, const struct arguments *arguments, const struct view *view)
{
	const char *subject = arguments->domain;
	struct hotslot_domain *domain;
	struct hotslot_error error = { 0 };
	struct selection selection;
	int status;

	if (client_find(client, arguments->domain, &domain, &error) < 0)
		return fail(client, NULL, subject, &error, NULL);
	hotslot_domain_set_timing(domain, view->timing);
	if (selection_read(domain, arguments, view->config, &selection, &subject, &error) < 0)
		return fail(client, NULL, subject, &error, NULL);
	print_timing_problem(client, &selection);
	if (client->json)
		status = print_json(client, domain, &selection);
	else if (view->timing)
		status = print_timing(client, &selection);
	else
		status = print_table(client, &selection, view);
	selection_done(&selection);
	return status;
}

static int run_list(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "config", no_argument, NULL, 'C' },
		{ "long", no_argument, NULL, 'l' },
		{ "timing", no_argument, NULL, 'T' },
		TIMEOUT_OPTION,
		COMMON_OPTIONS,
	};
	struct view view = { 0 };
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 'b')
			view.bytes = true;
		else if (option == 'C')
			view.config = true;
		else if (option == 'T')
			view.timing = true;
		else
			view.details = true;
	}
	if (view.timing && (view.config || view.details))
		set_problem(client, "--timing and --%s exclude each other",
			view.config ? "config" : "long");
	if (!take_arguments(client, argc, argv, 0, ANY_NUMBER, &arguments, &status))
		return status;
	return list_domain(client, &arguments, &view);
}

const struct command command_list = {
	.name = "list",
	.run = run_list,
	.arguments = "DOM [DISK...] [options]",
	.summary = "List the disks of a domain as host and guest see them",
	.help = "  --bytes            sizes in bytes\n"
		"  --config           those of its definition; the domain may be shut off\n"
		"  --long             links, addresses and partitions, too\n"
		"  --timing           where the time went when each of them came\n" TIMEOUT_HELP,
};
