/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's half of a detach. */
#include "unplug.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "error.h"
#include "places.h"
#include "session.h"
#include "unheard.h"

void unplug_expect(struct hotslot_domain *domain, const char *alias)
{
	struct events *events = domain->events;

	pthread_mutex_lock(&events->lock);
	events->removing = alias;
	events->removed = false;
	pthread_mutex_unlock(&events->lock);
}

int unplug_wait(struct hotslot_domain *domain, uint64_t deadline, struct hotslot_error *error)
{
	struct events *events = domain->events;
	int r;

	pthread_mutex_lock(&events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 && !events->removed &&
		now_ms() < deadline)
		events_wait(events, deadline);
	pthread_mutex_unlock(&events->lock);
	return r;
}

/* The XML alone says whether the disk is there; libvirt's codes and its event do not. */
static int check_gone(struct hotslot_domain *domain, const char *alias, const char *reason,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	if (r < 0)
		return r;
	if (!domain_xml_disk_by_alias(xml, alias))
		return 0;
	if (reason)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Cannot detach the disk %s from domain %s: %s", alias, domain->name,
			reason);
	return error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"QEMU did not let go of the disk %s of domain %s in time", alias, domain->name);
}

int unplug(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error)
{
	_cleanup_free_ char *reason = NULL;
	int r = 0;

	unplug_expect(domain, alias);
	if (virDomainDetachDeviceAlias(domain->domain, alias, VIR_DOMAIN_AFFECT_LIVE) < 0)
		reason = strdup(virGetLastErrorMessage());
	else
		r = unplug_wait(domain, deadline, error);
	unplug_expect(domain, NULL);
	return r < 0 ? r : check_gone(domain, alias, reason, error);
}

static int is_gone(struct hotslot_domain *domain, const char *alias, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	return r < 0 ? r : !domain_xml_disk_by_alias(xml, alias);
}

int unplug_await(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error)
{
	uint64_t until = now_ms() + UNPLUG_HEARD_MS;
	int r;

	if (until > deadline)
		until = deadline;
	/* Its event may come between the two. */
	unplug_expect(domain, alias);
	r = is_gone(domain, alias, error);
	if (r == 0) {
		r = unplug_wait(domain, until, error);
		if (r == 0)
			r = is_gone(domain, alias, error);
	}
	unplug_expect(domain, NULL);
	return r;
}

/* As long as a session lasts, libvirt has not been started anew, which is how it comes to disks
 * that it has missed something of. Most sessions are about one disk. */
static bool may_be_unheard(struct hotslot_domain *domain, const char *label)
{
	_cleanup_unheard_ struct unheard unheard = {};
	bool found;

	if (domain->heard_of == session_hellos(domain))
		return false;
	if (domain->asked_of != session_hellos(domain)) {
		domain->asked_of = session_hellos(domain);
		return unheard_is(domain, label);
	}
	unheard_find(domain, &unheard);
	found = unheard_has(&unheard, label);
	if (unheard.n == 0)
		domain->heard_of = session_hellos(domain);
	return found;
}

int unplug_check(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error)
{
	int r;

	if (!disk->alias || !disk->target_dev || !may_be_unheard(domain, disk->target_dev))
		return 1;
	r = unplug_await(domain, disk->alias, deadline, error);
	if (r != 0)
		return r < 0 ? r : 0;
	return error_set(error, HOTSLOT_ERROR_LIBVIRT,
		"QEMU has let go of the disk %s of domain %s, and libvirt has missed it: it keeps "
		"the disk in the XML until the domain is started anew",
		place_locate(place_number(disk->target, disk->unit)).text, domain->name);
}
