/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands for a domain's QEMU that libvirt has no function for. */
#include "qemu-monitor.h"

#include <libvirt/libvirt-qemu.h>
#include <string.h>

#include "error.h"

static char *format(const char *execute, json_t *arguments)
{
	json_t *command =
		arguments ? json_pack("{s:s, s:o}", "execute", execute, "arguments", arguments)
			  : json_pack("{s:s}", "execute", execute);
	char *text = command ? json_dumps(command, JSON_COMPACT) : NULL;

	json_decref(command);
	return text;
}

static int refused(const struct hotslot_domain *domain, const char *execute, const json_t *answer,
	struct hotslot_error *error)
{
	const char *reason =
		json_string_value(json_object_get(json_object_get(answer, "error"), "desc"));

	return error_set(error, HOTSLOT_ERROR_LIBVIRT, "The QEMU of domain %s refuses '%s': %s",
		domain->name, execute, reason ?: "it does not say why");
}

static bool only_reads(const char *execute)
{
	return strncmp(execute, "query-", strlen("query-")) == 0 ||
	       strcmp(execute, "qom-get") == 0 || strcmp(execute, "qom-list") == 0;
}

/* What changes something is done once: it may be done though the answer is lost. */
static char *ask(struct hotslot_domain *domain, const char *execute, const char *command)
{
	char *text;
	int r;

	do
		r = virDomainQemuMonitorCommand(domain->domain, command, &text, 0);
	while (r < 0 && only_reads(execute) && domain_reopened(domain));
	return r < 0 ? NULL : text;
}

int qemu_monitor_execute(struct hotslot_domain *domain, const char *execute, json_t *arguments,
	json_t **ret, struct hotslot_error *error)
{
	_cleanup_free_ char *command = format(execute, arguments);
	_cleanup_free_ char *text = NULL;
	json_t *answer, *result;
	int r = 0;

	if (!command)
		return error_memory(error);
	text = ask(domain, execute, command);
	if (!text)
		return error_libvirt(
			error, "Cannot have the QEMU of domain %s do '%s'", domain->name, execute);
	answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	result = json_object_get(answer, "return");
	if (result)
		*ret = json_incref(result);
	else
		r = refused(domain, execute, answer, error);
	json_decref(answer);
	return r;
}

static void on_removed(virConnectPtr connection, virDomainPtr domain, const char *event,
	long long seconds, unsigned microseconds, const char *details, void *data)
{
	json_t *json = details ? json_loads(details, 0, NULL) : NULL;
	const char *alias = json_string_value(json_object_get(json, "device"));

	(void)connection;
	(void)domain;
	(void)event;
	(void)seconds;
	(void)microseconds;
	if (alias)
		events_device_removed(data, alias);
	json_decref(json);
}

static void unref(void *data)
{
	events_unref(data);
}

int qemu_monitor_hear_removals(const struct hotslot_domain *domain, struct hotslot_error *error)
{
	struct events *events = events_ref(domain->events);
	int removals = virConnectDomainQemuMonitorEventRegister(virDomainGetConnect(domain->domain),
		domain->domain, "DEVICE_DELETED", on_removed, events, unref, 0);

	if (removals >= 0)
		return removals;
	events_unref(events);
	return error_libvirt(error, "Cannot get the events of the QEMU of domain %s", domain->name);
}

void qemu_monitor_ignore(const struct hotslot_domain *domain, int removals)
{
	(void)virConnectDomainQemuMonitorEventDeregister(
		virDomainGetConnect(domain->domain), removals);
}
