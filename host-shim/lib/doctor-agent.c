/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain's agent answers, and what it says of itself, its controller and its links. */
#include <string.h>

#include "agreement.h"
#include "channel-socket.h"
#include "doctor-work.h"
#include "error.h"
#include "guest-answer.h"
#include "json.h"
#include "session-state.h"

/* One that has nothing to do answers within a few, under TCG, too. */
#define AGENT_SLOW_MS 1000

/* A path in the guest. */
#define PATH_SIZE_MAX 4096

#define MIB (1024 * 1024.0)

/* ---- does it answer? ---- */

/* Whether QEMU keeps our connection waiting, as it serves another one. */
static bool is_shut_out(const struct hotslot_domain *domain)
{
	_cleanup_fclose_ FILE *sockets = NULL;

	if (!domain->hotslot->local || !domain->socket[0] || !domain->session ||
		!domain->session->channel)
		return false;
	sockets = fopen("/proc/net/unix", "re");
	return sockets && channel_socket_waiting(sockets, domain->socket) > 0;
}

static void tell_channel_taken(struct doctor *doctor, const struct hotslot_error *error)
{
	if (error->code == HOTSLOT_ERROR_BUSY)
		doctor_fail(doctor, "channel", -1, error->code,
			"wait until it is done with it, or end it", "%s", error->message);
	else
		doctor_fail(doctor, "channel", -1, HOTSLOT_ERROR_BUSY,
			"find the other one with 'ss -xp', and have it close the socket",
			"Another program has the channel's socket open, or QEMU is too busy for "
			"this one: %s",
			doctor->domain->socket);
	doctor_unknown(doctor, "agent", "The channel is taken");
}

/* What keeps its guest's agent from answering, too. */
static void tell_qemu_hangs(struct doctor *doctor)
{
	doctor_fail(doctor, "qemu", -1, HOTSLOT_ERROR_TIMEOUT,
		"if its process is stopped (state T in 'ps'), 'kill -CONT' continues it; if it "
		"hangs, 'hotslot shutdown --force DOM' ends it",
		"QEMU does not answer libvirt, or another call of libvirt's keeps it busy");
	doctor_unknown(doctor, "agent", "QEMU does not answer");
}

static void tell_no_answer(struct doctor *doctor, const struct hotslot_error *error)
{
	if (error->code == HOTSLOT_ERROR_NOT_RUNNING)
		doctor_fail(doctor, "domain", -1, error->code, "'virsh start DOM' starts it", "%s",
			error->message);
	else if (doctor->question && !qemu_question_await(doctor->question, doctor->deadline))
		tell_qemu_hangs(doctor);
	else if (error->code == HOTSLOT_ERROR_BUSY || is_shut_out(doctor->domain))
		tell_channel_taken(doctor, error);
	else if (doctor->xml->channel_connected)
		doctor_fail(doctor, "agent", -1, error->code,
			"if it hangs, or another program in the guest has the port open, start "
			"hotslot-agent in the guest anew; if the guest hangs, 'virsh reset DOM'",
			"%s", error->message);
	else
		doctor_fail(doctor, "agent", -1, error->code, "start hotslot-agent in the guest",
			"%s", error->message);
}

/* Returns as session_connect(). */
static int connect_agent(struct doctor *doctor, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(doctor->domain, &xml, error);

	return r < 0 ? r : session_connect(doctor->domain, doctor->deadline, error);
}

/* Not by session_open(), which repairs what it finds. */
bool doctor_connect(struct doctor *doctor)
{
	struct hotslot_error error = {};
	int r;

	if (!doctor->runs || !doctor->xml->has_channel) {
		doctor->unknown =
			doctor->runs ? "The agent has no channel" : "The guest does not run";
		doctor_say(
			doctor, "agent", -1, HOTSLOT_HEALTH_UNKNOWN, NULL, "%s", doctor->unknown);
		return false;
	}
	r = connect_agent(doctor, &error);
	if (r >= 0)
		return r > 0;
	tell_no_answer(doctor, &error);
	doctor->unknown = "The agent does not answer";
	return true;
}

void doctor_disconnect(struct doctor *doctor, bool begun)
{
	if (begun)
		session_end(doctor->domain);
}

/* ---- what it says ---- */

static int ask(
	struct doctor *doctor, const char *execute, json_t **ret, struct hotslot_error *error)
{
	return session_request(
		doctor->domain, execute, json_object(), doctor->deadline, ret, error);
}

static bool look_at_pace(struct doctor *doctor)
{
	const struct hotslot_agent_info *info = session_info(doctor->domain);
	struct hotslot_error error = {};
	uint64_t start = now_ms(), took;
	json_t *answer;

	if (ask(doctor, HOTSLOT_REQUEST_PING, &answer, &error) < 0) {
		doctor_fail(doctor, "agent", -1, error.code, NULL, "%s", error.message);
		doctor->unknown = "The agent does not answer any more";
		return false;
	}
	json_decref(answer);
	took = now_ms() - start;
	doctor_say(doctor, "agent", -1,
		took > AGENT_SLOW_MS ? HOTSLOT_HEALTH_WARNING : HOTSLOT_HEALTH_OK,
		took > AGENT_SLOW_MS ? "see what keeps the guest, or this host, busy" : NULL,
		"Version %s answers in %llu ms; protocol %u", info->version,
		(unsigned long long)took, doctor->domain->session->hello.version);
	if (info->epoch > 1)
		doctor_say(doctor, "agent", -1, HOTSLOT_HEALTH_WARNING,
			"see in the guest's journal, or on its console, why it ended",
			"It was started %llu times since the guest booted",
			(unsigned long long)info->epoch);
	return true;
}

static void look_at_controller(struct doctor *doctor)
{
	const char *guest = session_info(doctor->domain)->controller;
	struct hotslot_error error = {};

	if (doctor->xml->n_controllers == 0)
		return;
	if (agreement_check(doctor->domain, doctor->xml, guest, &error) == 0)
		doctor_ok(doctor, "controller", "The guest manages the same one, %s", guest);
	else
		doctor_fail(doctor, "controller", -1, error.code, "see CONTROLLERS in hotslot(1)",
			"%s", error.message);
}

/* ---- status ---- */

struct status {
	bool udevd, probing;
	const char *rule, *helper, *dev; /* the answer's */
	size_t mirrors;
	uint64_t memory;
};

static int read_status(const json_t *json, struct status *ret)
{
	const json_t *mirrors = json_object_get(json, "mirrors");
	struct status status = { .mirrors = json_array_size(mirrors) };

	if (json_get_bool(json, "udevd", &status.udevd) < 0 ||
		json_get_bool(json, "probing", &status.probing) < 0 ||
		json_find_text(json, "rule", PATH_SIZE_MAX, &status.rule) < 0 ||
		json_find_text(json, "helper", PATH_SIZE_MAX, &status.helper) < 0 ||
		json_get_text(json, "dev", PATH_SIZE_MAX, &status.dev) < 0 ||
		json_get_u64(json, "memory", INT64_MAX, &status.memory) < 0)
		return -EBADMSG;
	*ret = status;
	return 0;
}

static void look_at_agents_links(struct doctor *doctor, const struct status *status)
{
	doctor_ok(doctor, "links", "The agent makes them, in %s; mirrors: %zu", status->dev,
		status->mirrors);
	if (status->udevd && !status->rule)
		doctor_say(doctor, "rule", -1, HOTSLOT_HEALTH_WARNING,
			"install 60-hotslot.rules and hotslot-id in the guest",
			"The rule is not installed, so udev's database says nothing of slots; the "
			"links are the agent's");
	else
		doctor_ok(doctor, "rule", "Not needed for the links; %s",
			!status->udevd ? "udevd does not run" : status->rule);
}

static void look_at_udevs_links(struct doctor *doctor, const struct status *status)
{
	if (status->udevd)
		doctor_ok(doctor, "links", "udevd makes them, and the agent checks them");
	else
		doctor_fail(doctor, "links", -1, HOTSLOT_ERROR_NOT_CONFIRMED,
			"start it in the guest: 'systemctl start systemd-udevd', say",
			"udevd is to make them, and does not run");
	if (!status->rule)
		doctor_fail(doctor, "rule", -1, HOTSLOT_ERROR_NOT_CONFIRMED,
			"install 60-hotslot.rules in the guest, and in its initramfs; then "
			"'udevadm control --reload; udevadm trigger --action=add' there",
			"The rule 60-hotslot.rules is not installed, or is masked");
	else if (!status->helper)
		doctor_fail(doctor, "rule", -1, HOTSLOT_ERROR_NOT_CONFIRMED,
			"install hotslot-id beside udev's other helpers, in /usr/lib/udev",
			"%s is installed, but its helper hotslot-id is not", status->rule);
	else
		doctor_ok(doctor, "rule", "%s, with %s", status->rule, status->helper);
}

static void tell_status(struct doctor *doctor, const struct status *status)
{
	doctor_ok(doctor, "agent", "It has %.1f MiB of memory; contents of disks are %s",
		(double)status->memory / MIB, status->probing ? "looked at" : "not looked at");
	if (strcmp(session_info(doctor->domain)->links, "agent") == 0)
		look_at_agents_links(doctor, status);
	else
		look_at_udevs_links(doctor, status);
}

static void tell_no_status(struct doctor *doctor, const json_t *refusal)
{
	const char *why = guest_refused_as(refusal, HOTSLOT_CLASS_UNKNOWN)
				  ? "The agent is an older one, which does not say"
				  : "The agent does not say";

	doctor_ok(doctor, "links", "%s makes them",
		strcmp(session_info(doctor->domain)->links, "agent") == 0 ? "The agent" : "udevd");
	doctor_unknown(doctor, "rule", why);
}

static void look_at_status(struct doctor *doctor)
{
	struct hotslot_error error = {};
	struct status status;
	const json_t *refusal;
	json_t *answer;

	if (ask(doctor, HOTSLOT_REQUEST_STATUS, &answer, &error) < 0) {
		doctor_fail(doctor, "agent", -1, error.code, NULL, "%s", error.message);
		doctor->unknown = "The agent does not answer any more";
		return;
	}
	refusal = json_object_get(answer, "error");
	if (refusal)
		tell_no_status(doctor, refusal);
	else if (read_status(json_object_get(answer, "return"), &status) == 0)
		tell_status(doctor, &status);
	else
		doctor_fail(doctor, "agent", -1, HOTSLOT_ERROR_AGENT,
			"see whether it is hotslot-agent that has the port open",
			"It gives a malformed answer to '" HOTSLOT_REQUEST_STATUS "'");
	json_decref(answer);
}

void doctor_agent(struct doctor *doctor)
{
	if (!look_at_pace(doctor))
		return;
	look_at_controller(doctor);
	look_at_status(doctor);
}
