/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of which generation a domain is: what the agent is told, to know when its memory may have gone
 * back in time. */
#include "generation.h"

#include <string.h>

#include "host-uuid.h"

/* Ids start at 1 again with each daemon that finds no domain running, and each embedded driver. So
 * a domain without a genid may have been restored under the id that it had: only who is connected
 * all the time knows that it was not. */
static size_t format(struct hotslot_domain *domain, const struct domain_xml *xml, char *ret)
{
	char host[VIR_UUID_STRING_BUFLEN], connection[sizeof(domain->hotslot->nonce) + 16];

	host_uuid_read(domain, host);
	snprintf(connection, sizeof(connection), "%s-%u", domain->hotslot->nonce, domain->link);
	return (size_t)snprintf(ret, HOTSLOT_GENERATION_MAX + 1, "%s/%d/%s/%s", domain->uuid,
		xml->id, xml->genid ?: connection, host);
}

/* A guest that went back to a snapshot may have the same id and genid as before: only then is that
 * counted, so that other processes, which have not seen it, say the same where they can. */
void generation_set(struct hotslot_domain *domain, const struct domain_xml *xml)
{
	char generation[sizeof(domain->generation)];
	size_t length = format(domain, xml, generation);
	unsigned rewinds;

	pthread_mutex_lock(&domain->events->lock);
	rewinds = domain->events->rewinds;
	pthread_mutex_unlock(&domain->events->lock);
	if (strncmp(domain->generation, generation, length) != 0)
		domain->rewinds = rewinds;
	if (domain->rewinds != rewinds && length < sizeof(generation))
		snprintf(generation + length, sizeof(generation) - length, "/%u",
			rewinds - domain->rewinds);
	memcpy(domain->generation, generation, sizeof(generation));
}
