/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Having libvirt start the domain of a launch. */
#include "launch-create.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "reopen.h"

static int create_failed(const struct plan *plan, struct hotslot_error *error)
{
	return error_libvirt(error, "Cannot start domain %s", plan->spec.name);
}

void launch_still_defined(const struct plan *plan, struct hotslot_error *error)
{
	error_append(error, "; domain %s is still defined", plan->spec.name);
}

/* By its mark: between two daemons somebody else may have taken the name. */
static bool is_ours(virDomainPtr domain, const struct plan *plan)
{
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain, 0);
	const struct launcher *launcher = &plan->spec.launcher;
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;

	return text && domain_xml_parse(text, &xml) == 0 && xml->launching &&
	       xml->launcher.pid == launcher->pid && xml->launcher.start == launcher->start &&
	       strcmp(xml->launcher.socket, launcher->socket) == 0;
}

/* What a daemon has made of it that went before it could say so. NULL: nothing. */
static virDomainPtr find_ours(virConnectPtr connection, const struct plan *plan)
{
	virDomainPtr domain = virDomainLookupByName(connection, plan->spec.name);

	if (!domain || is_ours(domain, plan))
		return domain;
	virDomainFree(domain);
	return NULL;
}

/* Makes the domain by FN of libvirt's. */
static virDomainPtr make(struct hotslot *hotslot, const struct plan *plan, const char *text,
	virConnectPtr *connection, uint64_t deadline)
{
	virDomainPtr made;

	do {
		made = plan->options.persistent ? virDomainDefineXML(*connection, text)
						: virDomainCreateXML(*connection, text, 0);
		if (made || !reopen_again(hotslot, connection, deadline))
			return made;
		made = find_ours(*connection, plan);
	} while (!made);
	return made;
}

/* Starts what is defined. */
static int start(struct hotslot *hotslot, const struct plan *plan, virConnectPtr *connection,
	virDomainPtr *domain, uint64_t deadline)
{
	while (virDomainCreate(*domain) < 0) {
		virDomainPtr again;

		if (!reopen_again(hotslot, connection, deadline))
			return -EIO;
		again = find_ours(*connection, plan);
		if (!again)
			return -EIO;
		virDomainFree(*domain);
		*domain = again;
		if (virDomainIsActive(again) > 0)
			return 0;
	}
	return 0;
}

int launch_create(struct hotslot *hotslot, const struct plan *plan, uint64_t deadline,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	_cleanup_connection_ virConnectPtr connection = NULL;
	_cleanup_free_ char *text = NULL;
	virDomainPtr created;
	int r = launch_xml_format(&plan->spec, &text);

	if (r < 0)
		return error_system(error, r, "Cannot write the XML of domain %s", plan->spec.name);
	r = reopen_get(hotslot, deadline, &connection, error);
	if (r < 0)
		return r;
	created = make(hotslot, plan, text, &connection, deadline);
	if (!created && plan->options.persistent)
		return error_libvirt(error, "Cannot define domain %s", plan->spec.name);
	if (!created)
		return create_failed(plan, error);
	if (plan->options.persistent && start(hotslot, plan, &connection, &created, deadline) < 0) {
		r = create_failed(plan, error);
		if (virDomainUndefine(created) < 0)
			launch_still_defined(plan, error);
		virDomainFree(created);
		return r;
	}
	return domain_from_libvirt(hotslot, created, ret, error);
}
