/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt tells of who defines a domain anew, or undefines it. */
#include "definition-events.h"

#include "error.h"
#include "told.h"

struct definition_events definition_events_note(struct hotslot_domain *domain)
{
	struct events *events = domain->events;
	struct definition_events now = { .known = told_await(events), .link = domain->link };

	pthread_mutex_lock(&events->lock);
	now.defined = events->defined;
	now.undefined = events->undefined;
	pthread_mutex_unlock(&events->lock);
	return now;
}

int definition_events_check(struct hotslot_domain *domain, const struct definition_events *since,
	unsigned own, struct hotslot_error *error)
{
	const struct definition_events now = definition_events_note(domain);

	if (!since->known || !now.known || since->link != now.link)
		return 0;
	if (now.defined - since->defined > own)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has defined domain %s anew at the same time, and one of the "
			"two is lost: look at its definition, and try again",
			domain->name);
	if (now.undefined != since->undefined)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"Somebody else has undefined domain %s at the same time, and this change "
			"has defined it again: undefine it once more, if need be",
			domain->name);
	return 0;
}
