/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ending a domain, by its guest or by force. */
#include <libvirt/virterror.h>

#include "error.h"
#include "guest.h"
#include "options.h"
#include "session.h"
#include "stop.h"

int stop(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int r;

	/* A stream that is open then gets in libvirt's way (see channel.c). */
	session_end(domain);
	do
		r = virDomainDestroy(domain->domain);
	while (r < 0 && domain_reopened(domain));
	if (r == 0 || virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ||
		virDomainIsActive(domain->domain) == 0)
		return 0;
	return error_libvirt(error, "Cannot end domain %s", domain->name);
}

/* The event comes before libvirt has cleared up behind the domain. A call that needs a job waits
 * for that: then the name is free again. */
static void await_end(struct hotslot_domain *domain)
{
	virDomainMemoryStatStruct unused[1];

	(void)virDomainMemoryStats(domain->domain, unused, 1, 0);
}

/* Its end may go unheard while there is no daemon. */
static int await_stopped(
	struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	int r;

	while ((r = domain_wait_stopped(domain, deadline)) == -ENOTCONN) {
		r = domain_reopen(domain, error);
		if (r == 0)
			continue;
		if (error->code != HOTSLOT_ERROR_NOT_RUNNING)
			return r;
		error_clear(error);
		return 0;
	}
	if (r == 0)
		return 0;
	return error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"The guest of domain %s did not power off in time", domain->name);
}

static int ask_guest(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = session_open(domain, deadline, &xml, error);

	if (r == 0)
		r = guest_shutdown(domain, deadline, error);
	/* Its answer may get lost as it goes. */
	if (r < 0 && error->code == HOTSLOT_ERROR_NOT_RUNNING && xml)
		*error = (struct hotslot_error){};
	else if (r < 0)
		return r;
	session_end(domain);
	r = await_stopped(domain, deadline, error);
	if (r == 0)
		await_end(domain);
	return r;
}

static int end_now(struct hotslot_domain *domain, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	return r < 0 ? r : stop(domain, error);
}

int hotslot_shutdown(struct hotslot_domain *domain, const struct hotslot_shutdown_options *options,
	struct hotslot_error *error)
{
	struct hotslot_shutdown_options copy = {};
	struct hotslot_error ignored;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&copy, sizeof(copy), options);
	/* To end a QEMU that hangs, it is not asked. */
	r = copy.force ? domain_begin_anyhow(domain, copy.timeout_ms, &call, error)
		       : domain_begin(domain, copy.timeout_ms, &call, error);
	if (r < 0)
		return r;
	return copy.force ? end_now(domain, error)
			  : ask_guest(domain, deadline_after(copy.timeout_ms, TIMEOUT_DEFAULT_MS),
				    error);
}
