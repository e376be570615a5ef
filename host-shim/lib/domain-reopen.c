/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain whose daemon has gone: looked up again on a new connection, in the middle of a call. */
#include <libvirt/virterror.h>

#include "connection-link.h"
#include "domain.h"
#include "ended.h"
#include "error.h"
#include "reopen.h"

bool domain_is_lost(const struct hotslot_domain *domain)
{
	bool lost;

	pthread_mutex_lock(&domain->events->lock);
	lost = domain->events->disconnected;
	pthread_mutex_unlock(&domain->events->lock);
	return lost || (domain->domain && reopen_is_needed(virDomainGetConnect(domain->domain)));
}

static int look_up(struct hotslot_domain *domain, uint64_t until, virDomainPtr *ret,
	unsigned *ret_link, struct hotslot_error *error)
{
	unsigned link = domain->link;

	for (;;) {
		_cleanup_connection_ virConnectPtr connection = NULL;
		int r = reopen(domain->hotslot, link, until, error);

		if (r < 0)
			return r;
		connection = connection_get_link(domain->hotslot, &link);
		*ret = virDomainLookupByUUIDString(connection, domain->uuid);
		*ret_link = link;
		if (*ret)
			return 0;
		if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
			return ended(domain, error);
		if (!reopen_is_needed(connection))
			return error_libvirt(error, "Cannot look domain %s up again", domain->name);
	}
}

/* What has happened meanwhile was not told: the guest may have been reset. And the next loss may
 * have been, already. */
static void adopt(struct hotslot_domain *domain, virDomainPtr found, unsigned link)
{
	struct hotslot *hotslot = domain->hotslot;
	struct events *events = domain->events;
	virDomainPtr old;

	pthread_mutex_lock(&hotslot->lock);
	old = domain->domain;
	domain->domain = found;
	domain->link = link;
	pthread_mutex_lock(&events->lock);
	events->disconnected = link != hotslot->link->number;
	events->reopens++;
	/* The channel's path has the domain's id in it, and so the generation. */
	if (domain->id > 0 && virDomainGetID(found) != (unsigned)domain->id) {
		events->stops++;
		events->reverting = false;
	}
	events_notify(events);
	pthread_mutex_unlock(&events->lock);
	pthread_mutex_unlock(&hotslot->lock);
	virDomainFree(old);
}

int domain_reopen(struct hotslot_domain *domain, struct hotslot_error *error)
{
	/* Whoever has waited in vain has other things to try, and they are to fail soon. */
	uint64_t until = domain->given_up ? 0 : domain->until;
	virDomainPtr found;
	unsigned link;
	int r = look_up(domain, until, &found, &link, error);

	domain->given_up = r < 0 && error->code == HOTSLOT_ERROR_CONNECT;
	if (r == 0)
		adopt(domain, found, link);
	return r;
}

bool domain_reopened(struct hotslot_domain *domain)
{
	struct hotslot_error error = {};

	if (!reopen_may_help() || !domain_is_lost(domain))
		return false;
	if (domain_reopen(domain, &error) == 0)
		return true;
	if (error.code == HOTSLOT_ERROR_CONNECT)
		reopen_say_again(virDomainGetConnect(domain->domain));
	return false;
}

virDomainPtr domain_get(struct hotslot_domain *domain)
{
	virDomainPtr found;

	pthread_mutex_lock(&domain->hotslot->lock);
	found = domain->domain;
	virDomainRef(found);
	pthread_mutex_unlock(&domain->hotslot->lock);
	return found;
}
