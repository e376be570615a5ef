/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot attach: attaches images, in their order, and prints their names in the guest. */
#include "commands.h"

#include <limits.h>
#include <string.h>

#include "disk-option.h"
#include "interrupt.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "timing-text.h"
#include "xml-file.h"

/* What DONE ends with. */
enum noted {
	NOTED_NOTHING,
	NOTED_BEFORE, /* a disk that came before the one that failed */
	NOTED_AFTER,
};

/* An attach of several images: those that are attached stay when another one fails. */
struct batch {
	struct client *client;
	struct hotslot_domain *domain;
	struct hotslot_attach_options options;
	struct hotslot_backend_options backend;
	char *xml_file; /* NULL: images */
	char **names;	/* of the images, or of the file */
	int count, begun, ended;
	bool timing;
	char text[PROBLEM_MAX]; /* of the progress */
	json_t *result;		/* NULL without --json */
	FILE *done;		/* what else is attached:
				   "attached before it: a.img (slot 0), …; attached after it: …" */
	const char *failed;	/* the name of the first that did, with the error; NULL: none */
	enum noted noted;
	struct hotslot_error error;
};

/* Of /dev/null there is nothing but a slot, and no link to print. */
static int print_reserved(const struct batch *batch, const struct hotslot_disk *disk)
{
	if (batch->client->json)
		return json_array_append_new(json_object_get(batch->result, "disks"),
			json_pack("{si si si sb}", "slot", disk->slot, "target", disk->target,
				"lun", disk->lun, "reserved", 1));
	return printf("slot %d reserved\n", disk->slot) < 0 ? -1 : 0;
}

static void note_attached(struct batch *batch, const struct hotslot_disk *disk, bool reserved)
{
	const char *what = reserved ? "reserved" : "attached";

	if (batch->noted == (batch->failed ? NOTED_AFTER : NOTED_BEFORE))
		fputs(", ", batch->done);
	else
		fprintf(batch->done, "%s%s %s it: ", batch->noted == NOTED_NOTHING ? "" : "; ",
			what, batch->failed ? "after" : "before");
	batch->noted = batch->failed ? NOTED_AFTER : NOTED_BEFORE;
	fprintf(batch->done, "%s (slot %d)", batch->names[batch->ended], disk->slot);
}

static int print_attached(struct batch *batch, const struct hotslot_disk *disk)
{
	bool defined = disk->persistence == HOTSLOT_PERSISTENCE_YES;
	bool reserved = !disk->attached && !defined;

	note_attached(batch, disk, reserved);
	if (reserved)
		return print_reserved(batch, disk);
	if (batch->client->json)
		return json_array_append_new(
			json_object_get(batch->result, "disks"), disk_json(disk));
	if (defined && !disk->visible)
		return printf("slot %d from the next boot on\n", disk->slot) < 0 ? -1 : 0;
	return printf("%s\n", disk->by_slot) < 0 ? -1 : 0;
}

/* On standard error: what a script reads is the names. */
static void print_timing(const struct batch *batch, const struct hotslot_disk *disk)
{
	const char *problem = disk->times ? timing_problem(disk->times)
					  : "nothing was timed: the guest was not asked for a disk";

	fflush(stdout);
	if (disk->times && !batch->client->json)
		timing_print_attach(disk, stderr);
	if (problem && !batch->client->quiet)
		print_line(batch->client, batch->names[batch->ended], problem, NULL);
}

/* Of the one that is waited for. */
static void show_progress(struct batch *batch)
{
	_cleanup_free_ char *image = without_secret(batch->names[batch->ended]);
	_cleanup_free_ char *name = image ? printable(image) : NULL;

	snprintf(batch->text, sizeof(batch->text), "[%d/%d] attaching %s", batch->ended + 1,
		batch->count, name ? name : "");
	if (!batch->client->quiet)
		progress_begin(batch->text, batch->count > 1);
}

static void note_failure(struct batch *batch, const struct hotslot_error *error)
{
	const char *name = batch->names[batch->ended];

	if (batch->failed) {
		print_line(batch->client, name, error->message, NULL);
		return;
	}
	batch->failed = name;
	batch->error = *error;
}

static bool begin(void *data, size_t number)
{
	struct batch *batch = data;

	(void)number;
	if (batch->failed || interrupted())
		return false;
	if (batch->begun++ == batch->ended)
		show_progress(batch);
	return true;
}

static void end(
	void *data, size_t number, struct hotslot_disk *disk, const struct hotslot_error *error)
{
	struct batch *batch = data;
	struct hotslot_error unwritten = { 0 };

	(void)number;
	progress_end();
	if (!error && print_attached(batch, disk) < 0) {
		set_error(&unwritten, -EIO, "it is attached, but that could not be written");
		error = &unwritten;
	}
	if (!error && batch->timing)
		print_timing(batch, disk);
	if (error)
		note_failure(batch, error);
	hotslot_disk_free(disk);
	if (++batch->ended < batch->begun)
		show_progress(batch);
}

/* The options of each of them are the same but for the image. */
static int attach_all(struct batch *batch)
{
	const struct hotslot_many_options how = {
		.size = sizeof(how), .begin = begin, .done = end, .data = batch
	};
	_cleanup_free_ struct hotslot_attach_options *options =
		calloc(batch->count, sizeof(*options));
	_cleanup_free_ const struct hotslot_attach_options **all =
		calloc(batch->count, sizeof(*all));
	struct hotslot_error error;

	if (!options || !all)
		return set_error(&batch->error, -ENOMEM, "out of memory");
	for (int i = 0; i < batch->count; i++) {
		options[i] = batch->options;
		if (!batch->xml_file)
			options[i].image = batch->names[i];
		all[i] = &options[i];
	}
	(void)hotslot_attach_many(batch->domain, all, (size_t)batch->count, &how, &error);
	if (batch->failed)
		return -EIO;
	if (batch->ended == batch->count)
		return 0;
	batch->failed = batch->names[batch->ended];
	return set_error(&batch->error, -EINTR, "not attached: interrupted");
}

static int attach_xml(struct batch *batch)
{
	_cleanup_free_ char *text = NULL;
	int r = xml_file_read(batch->xml_file, &text, &batch->error);

	if (r < 0)
		return r;
	batch->options.xml = text;
	r = attach_all(batch);
	batch->options.xml = NULL;
	return r;
}

static int run_batch(struct batch *batch)
{
	_cleanup_free_ char *note = NULL;
	size_t size;
	int r;

	batch->done = open_memstream(&note, &size);
	if (batch->client->json)
		batch->result = json_pack(
			"{ss s[]}", "domain", hotslot_domain_name(batch->domain), "disks");
	if (!batch->done || (batch->client->json && !batch->result)) {
		r = set_error(&batch->error, -ENOMEM, "out of memory");
	} else {
		r = batch->xml_file ? attach_xml(batch) : attach_all(batch);
		fclose(batch->done);
	}
	if (r < 0)
		return fail_with(batch->client, batch->result, batch->failed ?: batch->names[0],
			&batch->error, note && *note ? note : NULL, partial_json(&batch->error));
	return finish(batch->client, batch->result);
}

static void set_disk_option(struct batch *batch, int option)
{
	const char *wrong;

	if (disk_option_set(&batch->backend, option, optarg, &wrong) < 0)
		set_problem(batch->client, "--%s '%s': not %s", disk_option_name(option), optarg,
			wrong);
}

static void set_option(struct batch *batch, int option)
{
	struct hotslot_attach_options *options = &batch->options;

	switch (option) {
	case 'S':
		options->slot = parse_slot(batch->client, optarg);
		break;
	case 's':
		options->serial = optarg;
		break;
	case 'i':
		options->id = optarg;
		break;
	case 'f':
		options->format = optarg;
		break;
	case 'r':
		options->read_only = true;
		break;
	case 'l':
		options->passthrough = true;
		break;
	case 'x':
		options->strict = true;
		break;
	case 'L':
		options->label = optarg;
		break;
	case 'A':
		options->any_label = true;
		break;
	case OPTION_PERSISTENT:
	case OPTION_CONFIG:
		set_scope(batch->client, option, &options->scope);
		break;
	case 't':
		options->timeout_ms = timeout_option(batch->client);
		break;
	case 'X':
		batch->xml_file = optarg;
		break;
	case 'T':
		batch->timing = true;
		break;
	default:
		set_disk_option(batch, option);
	}
}

static void check_batch(struct batch *batch, int argc)
{
	const struct hotslot_attach_options *options = &batch->options;

	batch->count = argc - optind - (batch->client->default_domain ? 0 : 1);
	if (batch->count > 1 && (options->slot >= 0 || options->serial || options->id))
		set_problem(batch->client, "--slot, --serial and --id are for one image");
	if (batch->timing && options->scope == HOTSLOT_SCOPE_CONFIG)
		set_problem(batch->client, "--config and --timing exclude each other");
	if (batch->xml_file && batch->count > 0)
		set_problem(batch->client, "--xml is in place of an image");
	if (batch->xml_file)
		xml_file_check(batch->client, batch->xml_file);
}

static int run_attach(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "slot", required_argument, NULL, 'S' },
		{ "serial", required_argument, NULL, 's' },
		{ "id", required_argument, NULL, 'i' },
		{ "format", required_argument, NULL, 'f' },
		{ "readonly", no_argument, NULL, 'r' },
		{ "lun", no_argument, NULL, 'l' },
		{ "strict", no_argument, NULL, 'x' },
		{ "label", required_argument, NULL, 'L' },
		{ "any-label", no_argument, NULL, 'A' },
		SCOPE_OPTIONS,
		{ "timeout", required_argument, NULL, 't' },
		{ "xml", required_argument, NULL, 'X' },
		{ "timing", no_argument, NULL, 'T' },
		DISK_OPTIONS,
		COMMON_OPTIONS,
	};
	struct batch batch = {
		.client = client,
		.options = HOTSLOT_ATTACH_INIT,
		.backend = HOTSLOT_BACKEND_INIT,
	};
	struct hotslot_error error = { 0 };
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0)
		set_option(&batch, option);
	check_batch(&batch, argc);
	batch.options.backend = &batch.backend;
	batch.count = batch.xml_file ? 1 : batch.count;
	if (!take_arguments(
		    client, argc, argv, batch.xml_file ? 0 : 1, ANY_NUMBER, &arguments, &status))
		return status;
	if (client_find(client, arguments.domain, &batch.domain, &error) < 0)
		return fail(client, NULL, arguments.domain, &error, NULL);
	hotslot_domain_set_timing(batch.domain, batch.timing);
	batch.names = batch.xml_file ? &batch.xml_file : arguments.values;
	return run_batch(&batch);
}

const struct command command_attach = {
	.name = "attach",
	.run = run_attach,
	.arguments = "DOM IMAGE...|--xml FILE [options]",
	.summary = "Attach disks and print their names in the guest",
	.help = "  --slot N           put it there; without this, in the lowest free slot\n"
		"  --serial S         its serial, 1 to 36 of [A-Za-z0-9_.+-]\n"
		"  --id I             its alias is ua-hotslot-I; 1 to 64 of [A-Za-z0-9_-]\n"
		"  --format F         raw, qcow2, ... or auto, which trusts the content\n"
		"  --readonly         the guest cannot write to it\n"
		"  --lun              pass the block device or iSCSI LUN through, serial and all\n"
		"  --strict           fail if another disk in the guest has its serial\n"
		"  --label L          whose it is, 1 to 64 of [A-Za-z0-9_.-]: the domain must not\n"
		"                     have held disks of others\n"
		"  --any-label        although it has\n"
		"  --persistent       to its definition, too: it is there after the next boot\n"
		"  --config           to its definition alone; the domain may be shut off\n"
		"  --timeout S        wait S seconds for the guest; without this, 30\n"
		"  --timing           show where the time went, on standard error\n"
		"  --xml FILE         in place of an image: a <disk> element, - for standard\n"
		"                     input; what it lacks of alias, address, serial and target\n"
		"                     is added\n" DISK_OPTIONS_HELP,
};
