/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot doctor: what works and what does not between libvirt and the links in the guest. */
#include "commands.h"

#include "connect-within.h"
#include "options.h"
#include "output.h"
#include "progress.h"

/* "warning", "controller": what follows is in columns. */
#define HEALTH_WIDTH 8
#define SUBJECT_WIDTH 12

/* A person waits for it. Of libvirt's connection, and again of the agent. */
#define TIMEOUT_MS 10000

struct report {
	json_t *list; /* NULL: as text */
};

static void add_json(json_t *list, const struct hotslot_finding *finding)
{
	json_array_append_new(
		list, json_pack("{ss so ss so so}", "subject", finding->subject, "slot",
			      finding->slot < 0 ? json_null() : json_integer(finding->slot),
			      "health", hotslot_health_name(finding->health), "text",
			      json_text(finding->text), "advice", json_text(finding->advice)));
}

static void print_finding(const struct hotslot_finding *finding)
{
	_cleanup_free_ char *text = printable(finding->text);
	_cleanup_free_ char *advice = finding->advice ? printable(finding->advice) : NULL;
	char subject[32];

	if (finding->slot < 0)
		snprintf(subject, sizeof(subject), "%s", finding->subject);
	else
		snprintf(subject, sizeof(subject), "%s %d", finding->subject, finding->slot);
	printf("%-*s%-*s%s\n", HEALTH_WIDTH, hotslot_health_name(finding->health), SUBJECT_WIDTH,
		subject, text ? text : "");
	if (advice)
		printf("%*s%s\n", HEALTH_WIDTH + SUBJECT_WIDTH, "", advice);
}

static void add(void *data, const struct hotslot_finding *finding)
{
	struct report *report = data;

	progress_clear();
	if (report->list)
		add_json(report->list, finding);
	else
		print_finding(finding);
}

/* Who cannot connect gets a first finding, too. */
static int not_connected(struct report *report, const struct hotslot_error *error)
{
	add(report,
		&(struct hotslot_finding){
			.subject = "libvirt",
			.slot = -1,
			.health = HOTSLOT_HEALTH_FAILED,
			.text = error->message,
			.advice = "look whether libvirt's daemon runs, and whether --connect names "
				  "it",
		});
	return -EIO;
}

static int examine(struct client *client, const char *name, unsigned timeout_ms)
{
	struct report report = { .list = client->json ? json_array() : NULL };
	struct hotslot_error error = { 0 };
	json_t *result = NULL;
	int r = 0;

	if (client_connect_within(client, timeout_ms, &error) < 0)
		r = not_connected(&report, &error);
	if (r == 0 && !client->quiet)
		progress_begin("examining", false);
	if (r == 0)
		r = hotslot_doctor(client->hotslot, name,
			client->has_controller ? (int)client->controller : -1, timeout_ms, add,
			&report, &error);
	progress_end();
	if (client->json)
		result = json_pack("{so so}", "domain", json_text(name), "findings", report.list);
	return r < 0 ? fail(client, result, name, &error, NULL) : finish(client, result);
}

static int run_doctor(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct arguments arguments;
	unsigned timeout_ms = TIMEOUT_MS;
	int status;

	while (next_option(client, argc, argv, options) >= 0)
		timeout_ms = timeout_option(client);
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return examine(client, arguments.domain, timeout_ms);
}

const struct command command_doctor = {
	.name = "doctor",
	.run = run_doctor,
	.arguments = "DOM [options]",
	.summary = "Say what works, what does not, and what to do about it",
	.help = "  --timeout S        wait S seconds for libvirt and the agent each; without this, "
		"10\n",
};
