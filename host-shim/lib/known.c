/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live XML of a domain as it was read last, where libvirt has told of no change since. */
#include "known.h"

#include "agreement.h"
#include "connection-link.h"
#include "session.h"
#include "told.h"

/* libvirt writes shorter ones, of some thirty disks, as fast as it tells of changes if asked for
 * that alone. */
#define LENGTH_MIN 16384

void known_begin(struct hotslot_domain *domain)
{
	domain->known = false;
	pthread_mutex_lock(&domain->events->lock);
	domain->events->news = (struct news){};
	pthread_mutex_unlock(&domain->events->lock);
}

void known_done(struct hotslot_domain *domain)
{
	domain->known = true;
	domain->known_link = domain->link;
}

/* Drivers without the event of metadata do not tell of reservations and labels. */
static bool tells_all(const struct hotslot_domain *domain)
{
	struct hotslot *hotslot = domain->hotslot;
	bool tells;

	pthread_mutex_lock(&hotslot->lock);
	tells = hotslot->link->number == domain->known_link && hotslot->link->metadata >= 0;
	pthread_mutex_unlock(&hotslot->lock);
	return tells && domain->link == domain->known_link;
}

/* Any question will do: with its answer, all is told that was done before. That about jobs has just
 * been answered, while the image was looked at, if there is one. */
static bool has_told(struct hotslot_domain *domain)
{
	return domain->told ||
	       (domain->last_read.length >= LENGTH_MIN && virDomainIsActive(domain->domain) == 1 &&
		       told_await(domain->events));
}

static bool is_known(struct hotslot_domain *domain)
{
	struct events *events = domain->events;
	bool known;

	if (!domain->known || !tells_all(domain) || !has_told(domain))
		return false;
	pthread_mutex_lock(&events->lock);
	known = news_are_known(&events->news, domain->last_read.xml) && !events->disconnected;
	pthread_mutex_unlock(&events->lock);
	return known;
}

/* NULL if it is to be read. */
static struct domain_xml *find(struct hotslot_domain *domain)
{
	struct domain_xml *xml = is_known(domain) ? domain_xml_copy(domain->last_read.xml) : NULL;
	int controller = domain_controller(domain);

	if (xml && controller >= 0)
		xml->controller = controller;
	return xml;
}

int known_read(struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	struct domain_xml *xml = find(domain);

	if (!xml)
		return domain_read(domain, ret, error);
	*ret = xml;
	return 0;
}

static bool is_connected(struct hotslot_domain *domain)
{
	bool alive;

	pthread_mutex_lock(&domain->events->lock);
	alive = session_is_alive(domain);
	pthread_mutex_unlock(&domain->events->lock);
	return alive;
}

int known_open(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **ret,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = is_connected(domain) ? find(domain) : NULL;
	struct hotslot_error ignored = {};

	/* Why not, the other says. */
	if (!xml || !is_connected(domain) || domain_check(domain, xml, &ignored) < 0 ||
		agreement_check(domain, xml, session_info(domain)->controller, &ignored) < 0)
		return session_open(domain, deadline, ret, error);
	*ret = steal_pointer(xml);
	return 0;
}
