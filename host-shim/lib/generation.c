/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of which generation a domain is: what the agent is told, to know when its memory may have gone
 * back in time. */
#include "generation.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* "INODE-SECONDS.NANOSECONDS" */
#define START_SIZE 64

/* The first libvirt that is known to go back to a snapshot by starting QEMU anew, whatever the
 * domain: older ones have one without a genid load it. */
#define VERSION_STARTS_ANEW 9000000

/* When the domain's QEMU was started, for whatever reason, tells the socket of the agent's port,
 * which is made each time; if it can be seen. */
static bool find_start(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct host *host, char ret[START_SIZE])
{
	const struct statx_timestamp *made;
	struct statx st;

	if (!domain->hotslot->local || !xml->channel_bound || host->version < VERSION_STARTS_ANEW ||
		statx(AT_FDCWD, xml->channel_path, 0,
			STATX_INO | STATX_TYPE | STATX_CTIME | STATX_BTIME, &st) < 0 ||
		!S_ISSOCK(st.stx_mode))
		return false;
	/* Not all file systems keep it; the other is later once somebody changes its mode. */
	made = st.stx_mask & STATX_BTIME ? &st.stx_btime : &st.stx_ctime;
	snprintf(ret, START_SIZE, "%" PRIu64 "-%" PRId64 ".%09" PRIu32, (uint64_t)st.stx_ino,
		(int64_t)made->tv_sec, (uint32_t)made->tv_nsec);
	return true;
}

/* Ids start at 1 again with each daemon that finds no domain running, and each embedded driver. So
 * a domain without a genid may have been restored under the id that it had: where its start cannot
 * be seen, only who is connected all the time knows that it was not.
 *
 * Of one with a genid all who use a daemon are to say the same, though some may not see the socket,
 * and are not on that host. An embedded driver has one user at a time, and rarely knows the host's
 * UUID. */
static size_t format(struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct host *host, char *ret)
{
	char connection[sizeof(domain->hotslot->nonce) + 16] = "", start[START_SIZE];
	bool seen = find_start(domain, xml, host, start);

	domain->generation_lasts = xml->genid || seen;
	if (!domain->generation_lasts)
		snprintf(connection, sizeof(connection), "%s-%u", domain->hotslot->nonce,
			domain->link);
	return (size_t)snprintf(ret, HOTSLOT_GENERATION_MAX + 1, "%s/%d/%s/%s", domain->uuid,
		xml->id, xml->genid ?: connection,
		seen && (!xml->genid || domain->hotslot->embedded) ? start : host->uuid);
}

/* A guest that went back to a snapshot may have the same id and genid as before: only then is that
 * counted, so that other processes, which have not seen it, say the same where they can. */
void generation_set(
	struct hotslot_domain *domain, const struct domain_xml *xml, const struct host *host)
{
	char generation[sizeof(domain->generation)];
	size_t length = format(domain, xml, host, generation);
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
