/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Examining a domain, from libvirt to the links in its guest, in the order in which each part needs
 * those before it. Nothing is changed.
 *
 * Calls of libvirt that wait for QEMU are made only once the agent has answered, so QEMU runs, or
 * in a thread; the others wait for libvirt's daemon alone, which the connection's keepalive watches
 * over.
 */
#include <libvirt/virterror.h>
#include <stdarg.h>
#include <string.h>

#include "doctor-work.h"
#include "domain-ask.h"
#include "error.h"
#include "metadata.h"
#include "reopen.h"

/* A person waits for it, and nothing is lost if it is too short. */
#define TIMEOUT_DOCTOR_MS 10000

/* The subjects behind that of the domain. */
static const char *const subjects[] = { "qemu", "controller", "channel", "agent", "links", "rule",
	"disk" };

const char *hotslot_health_name(enum hotslot_health health)
{
	static const char *const names[] = {
		[HOTSLOT_HEALTH_OK] = "ok",
		[HOTSLOT_HEALTH_WARNING] = "warning",
		[HOTSLOT_HEALTH_FAILED] = "failed",
		[HOTSLOT_HEALTH_UNKNOWN] = "unknown",
	};

	return (size_t)health < ARRAY_SIZE(names) ? names[health] : "unknown";
}

/* ---- telling ---- */

/* Errors' texts are printable lines. */
static void name_domain(const char *advice, const char *name, struct hotslot_error *ret)
{
	const char *at;

	error_set(ret, HOTSLOT_ERROR_NONE, "%s", "");
	while ((at = strstr(advice, "DOM"))) {
		error_append(ret, "%.*s%s", (int)(at - advice), advice, name);
		advice = at + strlen("DOM");
	}
	error_append(ret, "%s", advice);
}

static void tell(struct doctor *doctor, const char *subject, int slot, enum hotslot_health health,
	const char *advice, const char *text)
{
	struct hotslot_error named;
	struct hotslot_finding finding = {
		.size = sizeof(finding),
		.subject = subject,
		.slot = slot,
		.health = health,
		.text = text,
	};

	if (advice) {
		name_domain(advice, doctor->domain ? doctor->domain->name : doctor->name, &named);
		finding.advice = named.message;
	}
	if (doctor->fn)
		doctor->fn(doctor->data, &finding);
}

static int _printf_(3, 0) format_text(struct hotslot_error *ret, enum hotslot_error_code code,
	const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL;
		return error_memory(ret);
	}
	return error_set(ret, code, "%s", text);
}

void doctor_say(struct doctor *doctor, const char *subject, int slot, enum hotslot_health health,
	const char *advice, const char *format, ...)
{
	struct hotslot_error text = {};
	va_list arguments;

	va_start(arguments, format);
	(void)format_text(&text, HOTSLOT_ERROR_NONE, format, arguments);
	va_end(arguments);
	tell(doctor, subject, slot, health, advice, text.message);
}

void doctor_fail(struct doctor *doctor, const char *subject, int slot, enum hotslot_error_code code,
	const char *advice, const char *format, ...)
{
	struct hotslot_error text = {};
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = format_text(&text, code, format, arguments);
	va_end(arguments);
	tell(doctor, subject, slot, HOTSLOT_HEALTH_FAILED, advice, text.message);
	if (doctor->result < 0)
		return;
	doctor->result = r;
	*doctor->error = text;
}

static void all_unknown(struct doctor *doctor, const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		doctor_unknown(doctor, subjects[i], why);
}

/* ---- libvirt and the domain ---- */

static bool look_at_libvirt(struct doctor *doctor)
{
	_cleanup_connection_ virConnectPtr connection = NULL;
	struct hotslot_error error = {};
	_cleanup_free_ char *uri = NULL;
	unsigned long version = 0;
	const char *type;

	if (reopen_get(doctor->hotslot, doctor->deadline, &connection, &error) == 0)
		while (!(uri = virConnectGetURI(connection)) &&
			reopen_again(doctor->hotslot, &connection, doctor->deadline))
			;
	type = uri ? virConnectGetType(connection) : NULL;
	if (!type) {
		doctor_fail(doctor, "libvirt", -1, HOTSLOT_ERROR_CONNECT,
			"look whether libvirt's daemon runs", "%s",
			connection ? virGetLastErrorMessage() : error.message);
		return false;
	}
	if (strcmp(type, "QEMU") != 0) {
		doctor_fail(doctor, "libvirt", -1, HOTSLOT_ERROR_CONNECT,
			"connect to QEMU's driver: --connect qemu:///system, say",
			"%s is libvirt's driver %s", uri, type);
		return false;
	}
	(void)virConnectGetLibVersion(connection, &version);
	doctor_ok(doctor, "libvirt", "%s, libvirt %lu.%lu.%lu", uri, version / 1000000,
		version / 1000 % 1000, version % 1000);
	return true;
}

static bool find_domain(struct doctor *doctor)
{
	struct hotslot_error error = {};

	if (hotslot_domain_lookup(doctor->hotslot, doctor->name, &doctor->domain, &error) == 0)
		return true;
	doctor_fail(doctor, "domain", -1, error.code,
		error.code == HOTSLOT_ERROR_NO_DOMAIN
			? "'virsh list --all' lists those of a connection; --connect chooses one"
			: NULL,
		"%s", error.message);
	return false;
}

static void look_at_pause(struct doctor *doctor, int reason)
{
	if (reason == VIR_DOMAIN_PAUSED_IOERROR)
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING,
			"make room for the images, or bring their storage back; then 'virsh resume "
			"DOM'",
			"It is paused, because an image could not be read or written");
	else if (domain_pause_passes(reason))
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING,
			"wait until it goes on; 'virsh domjobinfo DOM' tells what it waits for",
			"libvirt has paused it for a while, so its guest cannot answer");
	else
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING,
			"'virsh resume DOM' has it go on",
			"It is paused, so its guest cannot answer");
}

static void look_at_state(struct doctor *doctor)
{
	int state, reason;

	if (domain_get_state(doctor->domain, &state, &reason) < 0)
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_LIBVIRT, NULL,
			"Cannot read its state: %s", virGetLastErrorMessage());
	else if (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED)
		doctor->runs = true;
	else if (state == VIR_DOMAIN_PAUSED)
		look_at_pause(doctor, reason);
	else if (state == VIR_DOMAIN_PMSUSPENDED)
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING,
			"'virsh dompmwakeup DOM' wakes it up", "Its guest sleeps");
	else if (state == VIR_DOMAIN_SHUTDOWN)
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING, NULL,
			"It is being shut down");
	else
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_NOT_RUNNING,
			"'virsh start DOM' starts it", "It is shut off");
}

static bool read_xml(struct doctor *doctor)
{
	_cleanup_free_ char *text = domain_get_xml(doctor->domain, 0);

	if (!text) {
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_LIBVIRT, NULL,
			"Cannot read its XML: %s", virGetLastErrorMessage());
		return false;
	}
	doctor->document = xml_read(text);
	if (!doctor->document || domain_xml_parse(text, &doctor->xml) < 0) {
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_SYSTEM, NULL,
			"Its XML is not as it should be");
		return false;
	}
	if (doctor->controller >= 0)
		doctor->xml->controller = doctor->controller;
	return true;
}

static void look_at_launch(struct doctor *doctor)
{
	const struct domain_xml *xml = doctor->xml;

	if (!xml->launching)
		return;
	switch (launcher_state(&xml->launcher, doctor->hotslot->local)) {
	case LAUNCHER_RUNS:
		doctor_say(doctor, "domain", -1, HOTSLOT_HEALTH_WARNING,
			"wait until it is done, or end that process", "Process %d is launching it",
			xml->launcher.pid);
		break;
	case LAUNCHER_UNKNOWN:
		doctor_say(doctor, "domain", -1, HOTSLOT_HEALTH_WARNING,
			"wait until it is done; if its launcher is gone, 'hotslot repair DOM' "
			"where that ran finishes it, and 'hotslot shutdown --force DOM' ends it",
			"Process %d launches it, or its launch was broken off: the process cannot "
			"be seen from here",
			xml->launcher.pid);
		break;
	case LAUNCHER_ENDED:
		doctor_say(doctor, "domain", -1, HOTSLOT_HEALTH_WARNING,
			doctor->xml->id < 0
				? "the next 'hotslot launch DOM' removes it and starts over"
				: "'hotslot repair DOM' finishes it; if it does not come up, "
				  "'hotslot shutdown --force DOM' ends it",
			"Its launch was broken off");
	}
}

static void look_at_metadata(struct doctor *doctor)
{
	const struct domain_xml *xml = doctor->xml;
	const struct label_set *labels = &xml->labels;

	if (xml->bad_metadata) {
		doctor_fail(doctor, "domain", -1, HOTSLOT_ERROR_LIBVIRT,
			"correct it with 'virsh metadata DOM " METADATA_URI
			" --edit', or take it away with --remove",
			"Its metadata has an element of " METADATA_URI
			" that is no list of reserved slots, or of labels");
		return;
	}
	look_at_launch(doctor);
	for (unsigned i = 0; i < labels->count; i++)
		doctor_ok(doctor, "domain", "It holds disks of the label %s", labels->names[i]);
	if (labels->count > 1 || labels->nobody)
		doctor_say(doctor, "domain", -1, HOTSLOT_HEALTH_WARNING,
			"give each a domain of its own", "Disks of several labels%s have met in it",
			labels->nobody ? ", or without one," : "");
}

/* ---- all of it ---- */

/* Of its disks the host knows something. */
static void guest_unknown(struct doctor *doctor)
{
	doctor_unknown(doctor, "links", doctor->unknown);
	doctor_unknown(doctor, "rule", doctor->unknown);
}

static void examine_guest(struct doctor *doctor)
{
	bool begun;

	/* Asked meanwhile, for who has no answer of the agent's. */
	if (doctor->runs)
		doctor->question = qemu_question_new(doctor->domain->domain);
	/* libvirt may have needed seconds to learn what QEMU there is. */
	doctor->deadline = now_ms() + doctor->timeout_ms;
	begun = doctor_connect(doctor);
	if (doctor->unknown)
		guest_unknown(doctor);
	else
		doctor_agent(doctor);
	doctor_disks(doctor);
	doctor_disconnect(doctor, begun);
}

static void examine_domain(struct doctor *doctor)
{
	look_at_state(doctor);
	if (!read_xml(doctor)) {
		all_unknown(doctor, "The domain's XML cannot be read");
		return;
	}
	if (doctor->runs)
		doctor_ok(
			doctor, "domain", "%s runs, id %d", doctor->domain->name, doctor->xml->id);
	look_at_metadata(doctor);
	doctor_qemu(doctor);
	doctor_controllers(doctor);
	doctor_channel(doctor);
	examine_guest(doctor);
}

static void examine(struct doctor *doctor)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error error = {};

	if (!look_at_libvirt(doctor)) {
		doctor_unknown(doctor, "domain", "libvirt cannot be asked");
		all_unknown(doctor, "libvirt cannot be asked");
		return;
	}
	if (!find_domain(doctor)) {
		all_unknown(doctor, "The domain is not found");
		return;
	}
	if (domain_begin_anyhow(doctor->domain, doctor->timeout_ms, &call, &error) < 0) {
		doctor_fail(doctor, "domain", -1, error.code, NULL, "%s", error.message);
		all_unknown(doctor, "The domain is busy");
		return;
	}
	examine_domain(doctor);
}

int hotslot_doctor(struct hotslot *hotslot, const char *name, int controller, unsigned timeout_ms,
	hotslot_finding_fn fn, void *data, struct hotslot_error *error)
{
	struct hotslot_error ignored;
	struct doctor doctor = {
		.hotslot = hotslot,
		.name = name,
		.controller = controller,
		.timeout_ms = timeout_ms ?: TIMEOUT_DOCTOR_MS,
		.fn = fn,
		.data = data,
		.error = error_begin(error, &ignored),
	};

	if (!name || !*name)
		return error_set(doctor.error, HOTSLOT_ERROR_INVALID, "No domain is given");
	examine(&doctor);
	qemu_question_free(doctor.question);
	xmlFreeDoc(doctor.document);
	domain_xml_free(doctor.xml);
	hotslot_domain_unref(doctor.domain);
	return doctor.result;
}
