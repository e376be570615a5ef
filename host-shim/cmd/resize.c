/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot resize: gives a disk a new size, seen by the guest when this returns. */
#include "commands.h"

#include "options.h"
#include "output.h"
#include "progress.h"
#include "size.h"

struct request {
	struct hotslot_resize_options options;
	struct hotslot_domain *domain;
	const char *reference;
	struct size size;
};

static int resize(struct client *client, const struct request *request, struct hotslot_disk **ret,
	struct hotslot_error *error)
{
	int r;

	if (!client->quiet)
		progress_begin("resizing", false);
	r = hotslot_resize(request->domain, request->reference, request->size.bytes,
		&request->options, ret, error);
	progress_end();
	return r;
}

static int run_request(struct client *client, const char *domain, struct request *request)
{
	struct hotslot_disk *disk = NULL;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int status;

	if (client_find(client, domain, &request->domain, &error) < 0)
		return fail(client, NULL, domain, &error, NULL);
	if (resize(client, request, &disk, &error) < 0)
		return fail(client, NULL, request->reference, &error, NULL);
	if (client->json)
		result = json_pack("{ss s[o]}", "domain", hotslot_domain_name(request->domain),
			"disks", disk_json(disk));
	status = finish(client, result);
	hotslot_disk_free(disk);
	return status;
}

static int run_resize(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "shrink", no_argument, NULL, 's' },
		{ "foreign", no_argument, NULL, 'F' },
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct request request = { .options = HOTSLOT_RESIZE_INIT };
	struct arguments arguments;
	int option, status, r;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 's')
			request.options.shrink = true;
		else if (option == 'F')
			request.options.foreign = true;
		else
			request.options.timeout_ms = timeout_option(client);
	}
	if (!take_arguments(client, argc, argv, 2, 2, &arguments, &status))
		return status;
	request.reference = arguments.values[0];
	r = size_parse(arguments.values[1], &request.size);
	request.options.relative = request.size.more;
	if (r == 0)
		return run_request(client, arguments.domain, &request);
	set_problem(client,
		r == -ERANGE ? "'%s' is too large for a disk"
			     : "'%s' is no size: use bytes, or K, M, G, T or P, and + for more",
		arguments.values[1]);
	return fail_usage(client, client->problem);
}

const struct command command_resize = {
	.name = "resize",
	.run = run_resize,
	.arguments = "DOM DISK SIZE [options]",
	.summary = "Give a disk a new size, online",
	.help = "  SIZE               bytes, or with K, M, G, T or P; +SIZE: so much more\n"
		"  --shrink           even if that cuts the disk\n"
		"  --foreign          even if somebody else has attached it\n"
		"  --timeout S        wait S seconds for the guest; without this, 30\n",
};
