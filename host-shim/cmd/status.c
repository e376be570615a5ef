/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hotslot status: a domain's state, its generation, and what differs from it. */
#include "commands.h"

#include <inttypes.h>

#include "options.h"
#include "output.h"

/* What --exit-code ends with if there is a drift, or if none is known and the guest could not be
 * asked: no failures. */
#define STATUS_DRIFT 3
#define STATUS_UNKNOWN 4

/* "generation": what follows is in a column. */
#define WORD_WIDTH 12
/* "guest-read-only", and "slot 65279". */
#define KIND_WIDTH 17
#define SLOT_WIDTH 12

#define OPTION_EXIT_CODE 'e'

/* ---- as text ---- */

static void print_word(const char *word, const char *text)
{
	_cleanup_free_ char *safe = text ? printable(text) : NULL;

	printf("%-*s%s\n", WORD_WIDTH, word, safe && *safe ? safe : "-");
}

static void print_domain(struct hotslot_domain *domain, const struct hotslot_status *status)
{
	print_word("domain", hotslot_domain_name(domain));
	printf("%-*s%s, %s%s\n", WORD_WIDTH, "state", status->state,
		status->persistent ? "persistent" : "transient",
		status->saved ? ", saved image" : "");
	print_word("uuid", status->uuid);
	if (status->id >= 0)
		printf("%-*s%d\n", WORD_WIDTH, "id", status->id);
	else
		print_word("id", NULL);
	print_word("genid", status->genid);
	if (status->persistent)
		print_word("  defined", status->config_genid);
}

static const char *describe_renewed(const struct hotslot_status *status)
{
	if (status->renewed < 0)
		return status->genid ? "an older agent does not say"
				     : "without a genid it cannot be told whether it is the same";
	if (status->renewed)
		return "another one: the guest's disks were looked at anew";
	return status->previous ? "the same as before" : "the only one that the agent was told of";
}

static void print_session(const struct hotslot_status *status)
{
	const struct hotslot_agent_info *agent = status->agent;

	if (agent) {
		print_word("agent", agent->version);
		print_word("  boot id", agent->boot_id);
		printf("%-*s%" PRIu64 "\n", WORD_WIDTH, "  epoch", agent->epoch);
		printf("%-*s%s\n", WORD_WIDTH, "session", status->begun ? "new" : "goes on");
		print_word("generation", describe_renewed(status));
		print_word("  last", status->previous);
	}
	if (status->trouble)
		print_word(agent ? "guest" : "agent", status->trouble);
	if (status->holder > 0)
		printf("%-*sprocess %d\n", WORD_WIDTH, "held by", status->holder);
}

static void print_drift(const struct hotslot_drift *drift)
{
	_cleanup_free_ char *text = printable(drift->text);
	char slot[32] = "";

	if (drift->slot >= 0)
		snprintf(slot, sizeof(slot), "slot %d", drift->slot);
	printf("%-*s%-*s%s\n", KIND_WIDTH, hotslot_drift_name(drift->kind), SLOT_WIDTH, slot,
		text ? text : "");
}

static void print_drift_count(const struct hotslot_status *status)
{
	if (status->n_drifts > 0)
		printf("%-*s%zu%s\n", WORD_WIDTH, "drift", status->n_drifts,
			status->complete ? "" : ", and the guest could not be compared");
	else
		print_word("drift",
			status->complete ? "none" : "unknown: the guest could not be compared");
}

static void print_status(struct hotslot_domain *domain, const struct hotslot_status *status)
{
	print_domain(domain, status);
	print_session(status);
	print_drift_count(status);
	for (size_t i = 0; i < status->n_drifts; i++)
		print_drift(status->drifts[i]);
}

/* ---- as JSON ---- */

static json_t *generation_json(const struct hotslot_status *status)
{
	return json_pack("{so so so so so}", "uuid", json_text(status->uuid), "id",
		status->id >= 0 ? json_integer(status->id) : json_null(), "genid",
		json_text(status->genid), "defined-genid", json_text(status->config_genid),
		"boot-id", json_text(status->agent ? status->agent->boot_id : NULL));
}

static json_t *session_json(const struct hotslot_status *status)
{
	json_t *session;

	if (!status->agent)
		return json_null();
	session = agent_json(status->agent);
	json_object_set_new(session, "new", json_boolean(status->begun));
	json_object_set_new(session, "renewed",
		status->renewed < 0 ? json_null() : json_boolean(status->renewed));
	json_object_set_new(session, "generation", json_text(status->generation));
	json_object_set_new(session, "previous", json_text(status->previous));
	return session;
}

static json_t *drift_json(const struct hotslot_status *status)
{
	json_t *list = json_array();

	for (size_t i = 0; i < status->n_drifts; i++) {
		const struct hotslot_drift *drift = status->drifts[i];

		json_array_append_new(list,
			json_pack("{ss so so}", "kind", hotslot_drift_name(drift->kind), "slot",
				drift->slot < 0 ? json_null() : json_integer(drift->slot), "text",
				json_text(drift->text)));
	}
	return list;
}

static json_t *status_json(struct hotslot_domain *domain, const struct hotslot_status *status)
{
	return json_pack("{ss ss sb sb so so so so so sb}", "domain", hotslot_domain_name(domain),
		"state", status->state, "persistent", status->persistent, "saved", status->saved,
		"generation", generation_json(status), "session", session_json(status), "trouble",
		json_text(status->trouble), "holder",
		status->holder > 0 ? json_integer(status->holder) : json_null(), "drift",
		drift_json(status), "complete", status->complete);
}

/* ---- the command ---- */

static int exit_status(const struct hotslot_status *status)
{
	if (status->n_drifts > 0)
		return STATUS_DRIFT;
	return status->complete ? STATUS_DONE : STATUS_UNKNOWN;
}

static int show(struct client *client, const struct arguments *arguments, unsigned timeout_ms,
	bool exit_code)
{
	struct hotslot_error error = { 0 };
	struct hotslot_status *status;
	struct hotslot_domain *domain;
	int result = STATUS_DONE;

	if (client_find(client, arguments->domain, &domain, &error) < 0 ||
		hotslot_status(domain, timeout_ms, &status, &error) < 0)
		return fail(client, NULL, arguments->domain, &error, NULL);
	if (client->json)
		result = finish(client, status_json(domain, status));
	else
		print_status(domain, status);
	if (result == STATUS_DONE && exit_code)
		result = exit_status(status);
	hotslot_status_free(status);
	return result;
}

static int run_status(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "exit-code", no_argument, NULL, OPTION_EXIT_CODE },
		{ "timeout", required_argument, NULL, 't' },
		COMMON_OPTIONS,
	};
	struct arguments arguments;
	bool exit_code = false;
	unsigned timeout_ms = 0;
	int option, status;

	while ((option = next_option(client, argc, argv, options)) >= 0) {
		if (option == OPTION_EXIT_CODE)
			exit_code = true;
		else
			timeout_ms = timeout_option(client);
	}
	if (!take_arguments(client, argc, argv, 0, 0, &arguments, &status))
		return status;
	return show(client, &arguments, timeout_ms, exit_code);
}

const struct command command_status = {
	.name = "status",
	.run = run_status,
	.arguments = "DOM [options]",
	.summary = "Show state, generation and session, and what differs between definition, host "
		   "and guest",
	.help = "  --exit-code        end with 3 if something differs, with 4 if\n"
		"                     the guest could not be compared\n"
		"  --timeout S        wait S seconds for the agent; without this, 10\n",
};
