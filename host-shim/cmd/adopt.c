/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot adopt: aliases for the disks of a definition that have none. */
#include "commands.h"

#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "options.h"
#include "output.h"

struct adopt {
	struct client *client;
	bool all, dry_run, yes;

	/* Of the domain at hand. */
	struct hotslot_domain *domain;
	unsigned count;
	bool declined;
	json_t *list; /* NULL: as text */

	/* Of all. */
	json_t *domains; /* NULL: of one, or as text */
	unsigned failed;
	const char *first_name; /* that failed */
	struct hotslot_error first;
};

/* ---- the plan ---- */

static void print_adoption(
	FILE *out, const struct adopt *adopt, const struct hotslot_adoption *adoption)
{
	_cleanup_free_ char *label =
		printable(adoption->target_dev ? adoption->target_dev : "hostdev");
	_cleanup_free_ char *live = adoption->live_alias ? printable(adoption->live_alias) : NULL;

	if (adopt->all)
		fprintf(out, "%s: ", hotslot_domain_name(adopt->domain));
	fprintf(out, "%s: %s", label ? label : "", adoption->alias);
	if (live && strcmp(live, adoption->alias))
		fprintf(out, " from the next boot on, now %s", live);
	fputc('\n', out);
}

static json_t *adoption_json(const struct hotslot_adoption *adoption)
{
	return json_pack("{so so so so ss so}", "target-dev", json_text(adoption->target_dev),
		"slot", adoption->slot < 0 ? json_null() : json_integer(adoption->slot), "serial",
		json_text(adoption->serial), "id", json_text(adoption->id), "alias",
		adoption->alias, "live-alias", json_text(adoption->live_alias));
}

static bool is_to_ask(const struct adopt *adopt)
{
	return !adopt->dry_run && !adopt->yes && isatty(STDIN_FILENO);
}

/* Who is asked is told first of what. */
static void add(void *data, const struct hotslot_adoption *adoption)
{
	struct adopt *adopt = data;

	adopt->count++;
	if (!adopt->list)
		print_adoption(stdout, adopt, adoption);
	else if (is_to_ask(adopt))
		print_adoption(stderr, adopt, adoption);
	if (adopt->list)
		json_array_append_new(adopt->list, adoption_json(adoption));
}

/* ---- the question ---- */

static bool ask(const struct adopt *adopt)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;

	fprintf(stderr, "Give %s %s in the definition of %s? [y/N] ",
		adopt->count == 1 ? "this disk" : "these disks",
		adopt->count == 1 ? "its alias" : "their aliases",
		hotslot_domain_name(adopt->domain));
	fflush(stderr);
	interrupt_arm_read();
	n = getline(&line, &size, stdin);
	if (n <= 0)
		clearerr(stdin);
	if (!interrupted())
		interrupt_arm();
	return n > 0 && (!strcmp(line, "y\n") || !strcmp(line, "yes\n") || !strcmp(line, "Y\n"));
}

static bool confirm(void *data)
{
	struct adopt *adopt = data;

	if (!is_to_ask(adopt))
		return !adopt->dry_run;
	adopt->declined = !ask(adopt);
	return !adopt->declined;
}

/* ---- a domain ---- */

static int adopt_domain(
	struct adopt *adopt, struct hotslot_domain *domain, struct hotslot_error *error)
{
	struct hotslot_adopt_options options = HOTSLOT_ADOPT_INIT;

	options.plan = add;
	options.confirm = confirm;
	options.data = adopt;
	adopt->domain = domain;
	adopt->count = 0;
	adopt->declined = false;
	adopt->list = adopt->client->json ? json_array() : NULL;
	return hotslot_adopt(domain, &options, error);
}

/* Takes over the list. */
static json_t *domain_json(struct adopt *adopt)
{
	json_t *list = adopt->list;

	adopt->list = NULL;
	if (!list)
		return NULL;
	return json_pack("{ss sb so}", "domain", hotslot_domain_name(adopt->domain), "changed",
		adopt->count > 0 && !adopt->dry_run && !adopt->declined, "disks", list);
}

static void say_what_is_not_done(const struct adopt *adopt, bool transient)
{
	const char *name = hotslot_domain_name(adopt->domain);

	if (adopt->client->quiet || adopt->client->json)
		return;
	if (transient)
		print_line(adopt->client, name, "transient, it has no definition to change", NULL);
	else if (adopt->count == 0)
		print_line(adopt->client, name, "every disk has an alias", NULL);
	else if (adopt->declined)
		print_line(adopt->client, name, "nothing is changed", NULL);
}

static int adopt_one(struct adopt *adopt, const char *name)
{
	struct client *client = adopt->client;
	struct hotslot_domain *domain = NULL;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int r = client_find(client, name, &domain, &error);

	if (r == 0) {
		r = adopt_domain(adopt, domain, &error);
		if (r < 0)
			adopt->declined = true;
		result = domain_json(adopt);
	}
	if (r < 0)
		return fail(client, result, name, &error, NULL);
	say_what_is_not_done(adopt, false);
	return finish(client, result);
}

/* ---- all of them ---- */

static void note_failure(struct adopt *adopt, const char *name, const struct hotslot_error *error)
{
	struct client *client = adopt->client;
	bool json = client->json;

	if (adopt->failed++ == 0) {
		adopt->first = *error;
		adopt->first_name = name;
		if (json)
			return; /* told at the end */
	}
	client->json = false;
	fail(client, NULL, name, error, NULL);
	client->json = json;
}

static void adopt_next(struct adopt *adopt, struct hotslot_domain *domain)
{
	struct hotslot_error error = { 0 };
	int r = adopt_domain(adopt, domain, &error);
	bool transient = r < 0 && error.code == HOTSLOT_ERROR_TRANSIENT;
	json_t *result;

	if (r < 0)
		adopt->declined = true;
	result = domain_json(adopt);
	if (r < 0 && !transient) {
		note_failure(adopt, hotslot_domain_name(domain), &error);
		if (result)
			json_object_set_new(result, "error",
				json_pack("{ss ss}", "code", hotslot_error_name(error.code),
					"message", error.message));
	} else {
		say_what_is_not_done(adopt, transient);
	}
	if (adopt->domains)
		json_array_append_new(adopt->domains, result);
}

static int adopt_all(struct adopt *adopt)
{
	struct client *client = adopt->client;
	struct hotslot_domain **domains;
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	size_t count;
	int status;

	if (client_connect(client, &error) < 0 ||
		hotslot_domains(client->hotslot, &domains, &count, &error) < 0)
		return fail(client, NULL, NULL, &error, NULL);
	adopt->domains = client->json ? json_array() : NULL;
	for (size_t i = 0; i < count && !interrupted(); i++) {
		hotslot_domain_set_controller(
			domains[i], client->has_controller ? (int)client->controller : -1);
		adopt_next(adopt, domains[i]);
	}
	if (client->json)
		result = json_pack("{so}", "domains", adopt->domains);
	if (adopt->failed == 0)
		status = finish(client, result);
	else if (client->json)
		status = fail(client, result, adopt->first_name, &adopt->first, NULL);
	else
		status = STATUS_FAILED;
	hotslot_domains_free(domains, count);
	return interrupted() ? STATUS_FAILED : status;
}

static int run_adopt(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "yes", no_argument, NULL, 'y' },
		COMMON_OPTIONS,
	};
	struct adopt adopt = { .client = client };
	struct arguments arguments;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == 'a')
			adopt.all = true;
		else if (option == 'n')
			adopt.dry_run = true;
		else
			adopt.yes = true;
	}
	if (adopt.all)
		return take_plain_arguments(client, argc, argv, 0, 0, &arguments, &status)
			       ? adopt_all(&adopt)
			       : status;
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return adopt_one(&adopt, arguments.domain);
}

const struct command command_adopt = {
	.name = "adopt",
	.run = run_adopt,
	.arguments = "DOM|--all [options]",
	.summary = "Give aliases to the disks of a definition that have none",
	.help = "  --all              all domains\n"
		"  -n, --dry-run      only say what it would do\n"
		"  --yes              do not ask on a terminal\n",
};
