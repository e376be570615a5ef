/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of a command: its options, the options of all commands, its arguments. */
#include "options.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "output.h"
#include "wire.h"

void set_problem(struct client *client, const char *format, ...)
{
	va_list args;

	if (client->problem[0])
		return;
	va_start(args, format);
	vsnprintf(client->problem, sizeof(client->problem), format, args);
	va_end(args);
}

static void set_uri(struct client *client, const char *uri)
{
	if (client->in_shell)
		set_problem(client, "a shell has one connection: give --connect before 'shell'");
	else
		client->uri = uri;
}

/* An option that getopt refuses. A short one is in optopt, a long one is the word before. */
static void refuse_option(struct client *client, int kind, char **argv)
{
	const char *word = argv[optind - 1];
	char text[] = { '-', (char)optopt, '\0' };

	if (optopt && strncmp(word, "--", 2))
		word = text;
	if (kind == ':')
		set_problem(client, "option '%s' needs a value", word);
	else if (optopt && strchr(word, '='))
		set_problem(client, "option '%s' takes no value", word);
	else
		set_problem(client, "unknown option '%s'", word);
}

static bool has_dry_run(const struct option *options)
{
	for (; options->name; options++)
		if (!strcmp(options->name, "dry-run"))
			return true;
	return false;
}

int next_option(struct client *client, int argc, char **argv, const struct option *options)
{
	/* Before a command, '+': what comes after its name is its own. */
	const char *short_options = !client->command	   ? "+:c:hjqV"
				    : has_dry_run(options) ? ":c:hjnq"
							   : ":c:hjq";
	int option;

	opterr = 0; /* our own words, once, and as JSON, too */
	while ((option = getopt_long(argc, argv, short_options, options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			set_uri(client, optarg);
			break;
		case 'h':
			client->help = true;
			break;
		case 'j':
			client->json = true;
			break;
		case 'q':
			client->quiet = true;
			break;
		case OPTION_CONTROLLER:
			client->has_controller = true;
			client->controller = number_option(client, "controller", 0, INT_MAX);
			break;
		case OPTION_TIMEOUT:
			client->timeout_ms = timeout_option(client);
			break;
		case '?':
		case ':':
			refuse_option(client, option, argv);
			break;
		default:
			return option;
		}
	}
	return -1;
}

unsigned number_option(struct client *client, const char *name, unsigned min, unsigned max)
{
	uint64_t value;

	if (parse_u64(optarg, max, &value) == 0 && value >= min)
		return (unsigned)value;
	set_problem(client, "--%s '%s': not a number from %u to %u", name, optarg, min, max);
	return min;
}

unsigned timeout_option(struct client *client)
{
	client->patience_ms =
		1000 * number_option(client, "timeout", 1, HOTSLOT_DEADLINE_MAX_MS / 1000);
	return client->patience_ms;
}

void set_scope(struct client *client, int option, enum hotslot_scope *scope)
{
	enum hotslot_scope wanted =
		option == OPTION_CONFIG ? HOTSLOT_SCOPE_CONFIG : HOTSLOT_SCOPE_PERSISTENT;

	if (*scope != HOTSLOT_SCOPE_LIVE && *scope != wanted)
		set_problem(client, "--config and --persistent exclude each other");
	*scope = wanted;
}

int parse_slot(struct client *client, const char *text)
{
	struct hotslot_error error;
	int slot;

	if (hotslot_slot_parse(text, &slot, &error) == 0)
		return slot;
	set_problem(client, "%s", error.message);
	return -1;
}

void print_command_help(const struct command *command, FILE *f)
{
	fprintf(f, "usage: hotslot %s %s\n\n%s.\n\n", command->name, command->arguments,
		command->summary);
	if (command->help)
		fprintf(f, "%s\n", command->help);
	fputs("  -c, --connect URI  libvirt's URI, as in virsh\n"
	      "  --controller N     manage the virtio-scsi controller with this index\n"
	      "  --json             answer in JSON, see hotslot(1)\n"
	      "  -q, --quiet        no progress and no notices\n"
	      "  -h, --help         show this\n",
		f);
}

static int refuse(struct client *client)
{
	int status = fail_usage(client, client->problem);

	fprintf(stderr, "usage: hotslot %s %s\n", client->command->name,
		client->command->arguments);
	return status;
}

bool take_plain_arguments(struct client *client, int argc, char **argv, int min, int max,
	struct arguments *ret, int *ret_status)
{
	int count = argc - optind;

	if (client->help) {
		print_command_help(client->command, stdout);
		*ret_status = STATUS_DONE;
		return false;
	}
	if (count < min)
		set_problem(client, "too few arguments");
	else if (count > max)
		set_problem(client, "too many arguments");
	if (client->problem[0]) {
		*ret_status = refuse(client);
		return false;
	}
	*ret = (struct arguments){ .values = argv + optind, .count = count };
	return true;
}

bool take_arguments(struct client *client, int argc, char **argv, int min, int max,
	struct arguments *ret, int *ret_status)
{
	int more = client->default_domain ? 0 : 1;

	if (max < ANY_NUMBER)
		max += more;
	if (!take_plain_arguments(client, argc, argv, min + more, max, ret, ret_status))
		return false;
	ret->domain = client->default_domain;
	if (more) {
		ret->domain = *ret->values++;
		ret->count--;
	}
	return true;
}
