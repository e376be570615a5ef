/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's half of a detach. */
#include "unplug.h"

#include <string.h>

#include "ended.h"
#include "error.h"
#include "job.h"
#include "libvirt-error.h"
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
		!events->disconnected && now_ms() < deadline)
		events_wait(events, deadline);
	pthread_mutex_unlock(&events->lock);
	return r;
}

/* Another one may have its alias by now. */
static int is_gone(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct xml_disk *now;
	int r = domain_read(domain, &xml, error);

	if (r < 0)
		return r;
	now = domain_xml_disk_by_alias(xml, disk->alias);
	return !now || !xml_disk_is_same(now, disk);
}

/* libvirt's error says what it could not do, and not whether the disk is there: the XML does. Who
 * has begun to detach it before us may be about to be done. */
static int refused(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	const struct hotslot_error *refusal, enum libvirt_error class, struct hotslot_error *error)
{
	int r = class == LIBVIRT_ERROR_UNCLEAR ? unplug_await(domain, disk, deadline, error)
					       : is_gone(domain, disk, error);

	if (r != 0)
		return r < 0 ? r : 0;
	return error_set(error, refusal->code, "%s", refusal->message);
}

/* The end of unplug_check(). */
static int await_unheard(struct hotslot_domain *domain, const struct xml_disk *disk,
	uint64_t deadline, struct hotslot_error *error)
{
	int r = unplug_await(domain, disk, deadline, error);

	if (r != 0)
		return r < 0 ? r : 0;
	return error_set(error, HOTSLOT_ERROR_LIBVIRT,
		"QEMU has let go of the disk %s of domain %s, and libvirt has missed it: it keeps "
		"the disk in the XML until the domain is started anew",
		place_locate(place_number(disk->target, disk->unit)).text, domain->name);
}

/* libvirt may have begun what it then said it could not, and who else detaches the disk may have
 * been in its way: it is asked again only if QEMU has the disk still, as an unheard one is the end
 * of libvirt 9.0. Returns 1 if it may be, 0 if the disk is gone. */
static int check_again(struct hotslot_domain *domain, const struct xml_disk *disk,
	uint64_t deadline, struct hotslot_error *error)
{
	int r = unplug_await(domain, disk, deadline, error);

	if (r != 0)
		return r < 0 ? r : 0;
	return disk->target_dev && unheard_is(domain, disk->target_dev)
		       ? await_unheard(domain, disk, deadline, error)
		       : 1;
}

/* Returns 1 if it is under way. */
static int begin(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error)
{
	for (;;) {
		struct hotslot_error refusal = {};
		enum libvirt_error class;
		bool again;
		int r = job_await(domain, deadline, error);

		if (r < 0)
			return r;
		unplug_expect(domain, disk->alias);
		if (virDomainDetachDeviceAlias(
			    domain->domain, disk->alias, VIR_DOMAIN_AFFECT_LIVE) == 0)
			return 1;
		class = libvirt_error_last();
		again = job_came_between(domain, deadline);
		r = error_libvirt(&refusal, "Cannot detach the disk %s from domain %s", disk->alias,
			domain->name);
		(void)ended_explain(domain, r, &refusal);
		if (!again)
			return refused(domain, disk, deadline, &refusal, class, error);
		r = check_again(domain, disk, deadline, error);
		if (r <= 0)
			return r;
	}
}

static int check_gone(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r = is_gone(domain, disk, error);

	if (r != 0)
		return r < 0 ? r : 0;
	return error_set(error, HOTSLOT_ERROR_TIMEOUT,
		"QEMU did not let go of the disk %s of domain %s in time", disk->alias,
		domain->name);
}

static int unplug_once(struct hotslot_domain *domain, const struct xml_disk *disk,
	uint64_t deadline, struct hotslot_error *error)
{
	int r = begin(domain, disk, deadline, error);

	if (r > 0) {
		r = unplug_wait(domain, deadline, error);
		if (r == 0)
			r = check_gone(domain, disk, error);
	}
	unplug_expect(domain, NULL);
	return r;
}

/* A daemon that has gone in between may not have heard of it. */
int unplug(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error)
{
	for (;;) {
		unsigned link = domain->link;
		int r = unplug_once(domain, disk, deadline, error);

		if (r == 0 || domain->link == link || now_ms() >= deadline ||
			error->code == HOTSLOT_ERROR_NOT_RUNNING)
			return r;
		error_clear(error);
		r = check_again(domain, disk, deadline, error);
		if (r <= 0)
			return r;
	}
}

int unplug_await(struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error)
{
	uint64_t until = now_ms() + UNPLUG_HEARD_MS;
	int r;

	if (until > deadline)
		until = deadline;
	/* Its event may come between the two. */
	unplug_expect(domain, disk->alias);
	r = is_gone(domain, disk, error);
	if (r == 0) {
		r = unplug_wait(domain, until, error);
		if (r == 0)
			r = is_gone(domain, disk, error);
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
	if (!disk->alias || !disk->target_dev || !may_be_unheard(domain, disk->target_dev))
		return 1;
	return await_unheard(domain, disk, deadline, error);
}
