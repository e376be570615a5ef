/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain: found once, one call on it at a time. */
#include "domain.h"

#include <libvirt/virterror.h>
#include <limits.h>
#include <string.h>

#include "error.h"
#include "metadata.h"
#include "session.h"
#include "turn.h"

static void destroy(struct hotslot_domain *domain)
{
	if (domain->events)
		domain_last_call(domain);
	session_free(domain);
	turn_free(domain->turn);
	events_unref(domain->events);
	virDomainFree(domain->domain);
	free(domain->name);
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
	} else {
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
	struct hotslot_error ignored;
	virDomainPtr domain;

	error = error_begin(error, &ignored);
	if (!name || !*name)
		return error_set(error, HOTSLOT_ERROR_INVALID, "No domain is given");
	domain = find(hotslot->connection, name);
	if (domain)
		return domain_from_libvirt(hotslot, domain, ret, error);
	if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return error_set(error, HOTSLOT_ERROR_NO_DOMAIN, "There is no domain '%s'", name);
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

/* A guest that went back to a snapshot may have the same id and genid as before. */
static void set_generation(struct hotslot_domain *domain, const struct domain_xml *xml)
{
	char rewinds[16] = "";

	pthread_mutex_lock(&domain->events->lock);
	if (domain->events->rewinds > 0)
		snprintf(rewinds, sizeof(rewinds), "/%u", domain->events->rewinds);
	pthread_mutex_unlock(&domain->events->lock);
	domain->id = xml->id;
	snprintf(domain->socket, sizeof(domain->socket), "%s", xml->channel_path ?: "");
	snprintf(domain->generation, sizeof(domain->generation), "%s/%d/%s%s", domain->uuid,
		xml->id, xml->genid ?: "", rewinds);
}

int domain_read(struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = virDomainGetXMLDesc(domain->domain, 0);
	int r, controller;

	if (!text && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return error_set(
			error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s has ended", domain->name);
	if (!text)
		return error_libvirt(error, "Cannot read domain %s", domain->name);
	r = domain_xml_parse(text, &xml);
	if (r < 0)
		return error_system(error, r, "Cannot parse the XML of domain %s", domain->name);
	if (xml->id < 0)
		return error_set(
			error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s is shut off", domain->name);
	controller = __atomic_load_n(&domain->controller, __ATOMIC_RELAXED);
	if (controller >= 0)
		xml->controller = controller;
	set_generation(domain, xml);
	*ret = steal_pointer(xml);
	return 0;
}

int domain_read_checked(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	if (r < 0)
		return r;
	if (!xml->has_channel)
		return error_set(error, HOTSLOT_ERROR_NO_CHANNEL,
			"Domain %s has no virtio channel " HOTSLOT_PORT_NAME, domain->name);
	if (xml->controller < 0)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"Domain %s has no virtio-scsi controller", domain->name);
	if (!domain_xml_controller(xml, xml->controller))
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"Domain %s has no virtio-scsi controller %d", domain->name,
			xml->controller);
	if (xml->bad_metadata)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"The metadata of domain %s has an element of " METADATA_URI
			" that is no list of reserved slots, or of labels: correct or remove it "
			"with 'virsh "
			"metadata'",
			domain->name);
	*ret = steal_pointer(xml);
	return 0;
}

int domain_check_alive(struct hotslot_domain *domain, struct hotslot_error *error)
{
	const struct events *events = domain->events;

	if (events->stops != domain->stops)
		return error_set(
			error, HOTSLOT_ERROR_NOT_RUNNING, "Domain %s has ended", domain->name);
	if (events->disconnected)
		return error_set(error, HOTSLOT_ERROR_CONNECT, "The connection to libvirt is gone");
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
		if (events->disconnected || now_ms() >= deadline)
			r = -ETIMEDOUT;
		else
			events_wait(events, deadline);
	}
	pthread_mutex_unlock(&events->lock);
	return r;
}
