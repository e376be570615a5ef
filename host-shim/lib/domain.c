/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain: found once, one call on it at a time. */
#include "domain.h"

#include <libvirt/virterror.h>
#include <limits.h>
#include <string.h>

#include "connection-link.h"
#include "ended.h"
#include "error.h"
#include "job.h"
#include "metadata.h"
#include "options.h"
#include "reopen.h"
#include "session.h"
#include "turn.h"

static void destroy(struct hotslot_domain *domain)
{
	if (domain->events)
		domain_last_call(domain);
	session_free(domain);
	job_done(domain);
	last_read_done(&domain->last_read);
	turn_free(domain->turn);
	events_unref(domain->events);
	virDomainFree(domain->domain);
	domain_name_done(domain);
	hotslot_unref(domain->hotslot);
	free(domain);
}

static struct hotslot_domain *create(struct hotslot *hotslot, virDomainPtr libvirt_domain)
{
	struct hotslot_domain *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return NULL;
	domain->refs = 1;
	domain->controller = -1;
	domain->hotslot = hotslot_ref(hotslot);
	domain->domain = libvirt_domain;
	virDomainRef(libvirt_domain);
	domain->name = strdup(virDomainGetName(libvirt_domain));
	domain->events = events_new();
	if (!domain->name || !domain->events ||
		virDomainGetUUIDString(libvirt_domain, domain->uuid) < 0) {
		destroy(domain);
		return NULL;
	}
	return domain;
}

/* With the lock held. On a connection that is gone by now it is looked up again by the next call.
 */
static void note_link(struct hotslot *hotslot, struct hotslot_domain *domain)
{
	if (virDomainGetConnect(domain->domain) == hotslot->link->connection)
		domain->link = hotslot->link->number;
	else
		domain->events->disconnected = true;
}

/* One object for each domain, so that two lookups do not compete for the channel. */
static struct hotslot_domain *insert_or_find(struct hotslot *hotslot, struct hotslot_domain *domain)
{
	struct hotslot_domain *found;

	pthread_mutex_lock(&hotslot->lock);
	for (found = hotslot->domains; found; found = found->next)
		if (strcmp(found->uuid, domain->uuid) == 0)
			break;
	if (found) {
		found->refs++;
		domain_name_update(found, domain->name);
	} else {
		note_link(hotslot, domain);
		domain->next = hotslot->domains;
		hotslot->domains = domain;
	}
	pthread_mutex_unlock(&hotslot->lock);
	return found ?: domain;
}

int domain_from_libvirt(struct hotslot *hotslot, virDomainPtr libvirt_domain,
	struct hotslot_domain **ret, struct hotslot_error *error)
{
	struct hotslot_domain *domain = create(hotslot, libvirt_domain);

	virDomainFree(libvirt_domain);
	if (!domain)
		return error_memory(error);
	*ret = insert_or_find(hotslot, domain);
	if (*ret != domain)
		destroy(domain);
	return 0;
}

/* In virsh's order: id, UUID, name. */
static virDomainPtr find(virConnectPtr connection, const char *name)
{
	virDomainPtr domain = NULL;
	uint64_t id;

	if (parse_u64(name, INT_MAX, &id) == 0)
		domain = virDomainLookupByID(connection, (int)id);
	if (!domain && strlen(name) == VIR_UUID_STRING_BUFLEN - 1)
		domain = virDomainLookupByUUIDString(connection, name);
	return domain ?: virDomainLookupByName(connection, name);
}

int hotslot_domain_lookup(struct hotslot *hotslot, const char *name, struct hotslot_domain **ret,
	struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	_cleanup_connection_ virConnectPtr connection = NULL;
	struct hotslot_error ignored;
	virDomainPtr domain;
	int r;

	error = error_begin(error, &ignored);
	if (!name || !*name)
		return error_set(error, HOTSLOT_ERROR_INVALID, "No domain is given");
	r = reopen_get(hotslot, deadline, &connection, error);
	if (r < 0)
		return r;
	do
		domain = find(connection, name);
	while (!domain && reopen_again(hotslot, &connection, deadline));
	if (domain)
		return domain_from_libvirt(hotslot, domain, ret, error);
	if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return ended_unknown(hotslot, name, error);
	return error_libvirt(error, "Cannot look domain '%s' up", name);
}

struct hotslot_domain *hotslot_domain_ref(struct hotslot_domain *domain)
{
	pthread_mutex_lock(&domain->hotslot->lock);
	domain->refs++;
	pthread_mutex_unlock(&domain->hotslot->lock);
	return domain;
}

struct hotslot_domain *hotslot_domain_unref(struct hotslot_domain *domain)
{
	struct hotslot *hotslot;
	bool last;

	if (!domain)
		return NULL;
	hotslot = domain->hotslot;
	pthread_mutex_lock(&hotslot->lock);
	last = --domain->refs == 0;
	for (struct hotslot_domain **p = &hotslot->domains; last && *p; p = &(*p)->next)
		if (*p == domain) {
			*p = domain->next;
			break;
		}
	pthread_mutex_unlock(&hotslot->lock);
	if (last)
		destroy(domain);
	return NULL;
}

const char *hotslot_domain_name(struct hotslot_domain *domain)
{
	return domain->name;
}

const char *hotslot_domain_uuid(struct hotslot_domain *domain)
{
	return domain->uuid;
}

void hotslot_domain_set_controller(struct hotslot_domain *domain, int index)
{
	/* Each call reads it once. */
	__atomic_store_n(&domain->controller, index < 0 ? -1 : index, __ATOMIC_RELAXED);
}

int domain_check_metadata(const struct hotslot_domain *domain, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	bool defined = xml->id < 0;

	if (!xml->bad_metadata)
		return 0;
	return error_set(error, HOTSLOT_ERROR_LIBVIRT,
		"The metadata of %sdomain %s has an element of " METADATA_URI
		" that is no list of reserved slots, or of labels: correct or remove it with "
		"'virsh metadata%s'",
		defined ? "the definition of " : "", domain->name, defined ? " --config" : "");
}

int domain_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	struct hotslot_error *error)
{
	if (!xml->has_channel)
		return error_set(error, HOTSLOT_ERROR_NO_CHANNEL,
			"Domain %s has no virtio channel " HOTSLOT_PORT_NAME
			": 'hotslot enable' adds it",
			domain->name);
	if (xml->controller < 0)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"Domain %s has no virtio-scsi controller: 'hotslot enable' adds one, for "
			"its next boot",
			domain->name);
	if (!domain_xml_controller(xml, xml->controller))
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"Domain %s has no virtio-scsi controller %d", domain->name,
			xml->controller);
	return domain_check_metadata(domain, xml, error);
}

int domain_check_gap(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *where, struct hotslot_error *error)
{
	if (!domain_xml_has_gap(xml))
		return 0;
	return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
		"%s %s has no SCSI controller %u: libvirt would add one, of a model of its choice, "
		"before it attached a disk to controller %d; add it, or give that a number with "
		"none left out before it",
		where, domain->name, xml->scsi_gap, xml->controller);
}

int domain_check_alive(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const struct events *events = domain->events;

	if (events->stops != domain->stops)
		return ended_now(domain, error);
	if (domain->booting && events->reboots != domain->reboots)
		return error_set(error, HOTSLOT_ERROR_NOT_RUNNING,
			"Domain %s reset itself while it booted", domain->name);
	return 0;
}

unsigned domain_boots(struct hotslot_domain *domain)
{
	unsigned boots;

	pthread_mutex_lock(&domain->events->lock);
	boots = events_boots(domain->events);
	pthread_mutex_unlock(&domain->events->lock);
	return boots;
}

int domain_pause(struct hotslot_domain *domain, uint64_t until, struct hotslot_error *error)
{
	int r;

	pthread_mutex_lock(&domain->events->lock);
	while ((r = domain_check_alive(domain, error)) == 0 && now_ms() < until)
		events_wait(domain->events, until);
	pthread_mutex_unlock(&domain->events->lock);
	return r;
}

int domain_wait_stopped(struct hotslot_domain *domain, uint64_t deadline)
{
	struct events *events = domain->events;
	int r = 0;

	pthread_mutex_lock(&events->lock);
	while (events->stops == domain->stops && r == 0) {
		if (events->disconnected)
			r = -ENOTCONN;
		else if (now_ms() >= deadline)
			r = -ETIMEDOUT;
		else
			events_wait(events, deadline);
	}
	pthread_mutex_unlock(&events->lock);
	return r;
}
