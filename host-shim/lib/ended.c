/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain that does not run any more, and what has become of it. */
#include "ended.h"

#include <string.h>

#include "domain-ask.h"
#include "error.h"
#include "libvirt-error.h"
#include "places.h"

/* The event of an end comes on the same connection as the answer that tells of it. */
#define HEARD_MS 1000

#define LEFT " does not run here any more: it was migrated to another host"

int ended_now(const struct hotslot_domain *domain, struct hotslot_error *error)
{
	if (events_has_left(domain->events))
		return error_set(error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s" LEFT, domain->name);
	return error_set(error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s has ended", domain->name);
}

static bool is_end_awaited(const struct hotslot_domain *domain)
{
	return domain->ran == domain->events->stops + 1 && !domain->events->disconnected;
}

int ended(struct hotslot_domain *domain, struct hotslot_error *error)
{
	uint64_t until = now_ms() + HEARD_MS;
	int r;

	pthread_mutex_lock(&domain->events->lock);
	while (is_end_awaited(domain) && now_ms() < until)
		events_wait(domain->events, until);
	r = ended_now(domain, error);
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

int ended_explain(struct hotslot_domain *domain, int r, struct hotslot_error *error)
{
	enum libvirt_error class = libvirt_error_last();
	struct hotslot_error other = {};
	int active;

	if (class != LIBVIRT_ERROR_STATE && class != LIBVIRT_ERROR_NO_DOMAIN)
		return r;
	active = domain_is_active(domain);
	/* In the wrong state for that, say, and there. Or it cannot be told. */
	if (active > 0 || (active < 0 && libvirt_error_last() != LIBVIRT_ERROR_NO_DOMAIN))
		return r;
	r = ended(domain, &other);
	error->code = other.code;
	error_append(error, "; %s", other.message);
	return r;
}

bool ended_by_leaving(struct hotslot_domain *domain)
{
	bool left;

	pthread_mutex_lock(&domain->events->lock);
	left = events_has_left(domain->events) && domain->events->stops != domain->stops;
	pthread_mutex_unlock(&domain->events->lock);
	return left;
}

bool ended_with_disk(struct hotslot_domain *domain, uint64_t place, struct hotslot_error *error)
{
	bool left = ended_by_leaving(domain);

	if (left)
		error_append(error, "; the disk %s went with it: detach it there",
			place_locate(place).text);
	return left;
}

void ended_not(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->events->lock);
	domain->ran = domain->events->stops + 1;
	pthread_mutex_unlock(&domain->events->lock);
}

int ended_shut_off(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int state, reason;

	if (domain_get_state(domain, &state, &reason) == 0 && state == VIR_DOMAIN_SHUTOFF &&
		reason == VIR_DOMAIN_SHUTOFF_MIGRATED)
		return error_set(error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s" LEFT, domain->name);
	return error_set(error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s is shut off", domain->name);
}

/* Whoever has it still may be the caller. */
static bool has_left_under(struct hotslot *hotslot, const char *name)
{
	bool left = false;

	pthread_mutex_lock(&hotslot->lock);
	for (struct hotslot_domain *domain = hotslot->domains; domain; domain = domain->next) {
		if (strcmp(domain->name, name) != 0 && strcmp(domain->uuid, name) != 0)
			continue;
		pthread_mutex_lock(&domain->events->lock);
		left = left || events_has_left(domain->events);
		pthread_mutex_unlock(&domain->events->lock);
	}
	pthread_mutex_unlock(&hotslot->lock);
	return left;
}

int ended_unknown(struct hotslot *hotslot, const char *name, struct hotslot_error *error)
{
	if (has_left_under(hotslot, name))
		return error_set(error, HOTSLOT_ERROR_NO_DOMAIN,
			"There is no domain '%s' here any more: it was migrated to another host",
			name);
	return error_set(error, HOTSLOT_ERROR_NO_DOMAIN, "There is no domain '%s'", name);
}
