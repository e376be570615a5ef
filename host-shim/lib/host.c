/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which host a domain runs on. Neither its id nor its genid tells: the genid goes along when it is
 * migrated, and the id may happen to be the same. Nor does the host's name, which takes libvirt to
 * a name server. Where libvirt finds no UUID that is the machine's, or may not read it, each daemon
 * and each embedded driver makes one up: then it lasts as long as that.
 */
#include "host.h"

#include <string.h>

#include "xml.h"

static bool is_uuid(const char *text)
{
	return text && strlen(text) == VIR_UUID_STRING_BUFLEN - 1 &&
	       text[strspn(text, "0123456789abcdefABCDEF-")] == '\0';
}

static char *read_capabilities(struct hotslot_domain *domain)
{
	char *text;

	do
		text = virConnectGetCapabilities(virDomainGetConnect(domain->domain));
	while (!text && domain_reopened(domain));
	return text;
}

/* The UUID becomes part of a file's name. Of an embedded driver's there is none that lasts, and to
 * ask for its capabilities may have it ask every QEMU that is installed for its own. */
static void ask(struct hotslot_domain *domain, struct host *ret)
{
	_cleanup_free_ char *text = domain->hotslot->embedded ? NULL : read_capabilities(domain);
	_cleanup_free_ char *uuid = NULL;
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;

	uuid = xml_text(xml_child(xml_child(root, "host"), "uuid"));
	*ret = (struct host){ .link = domain->link };
	if (is_uuid(uuid))
		strcpy(ret->uuid, uuid);
	(void)virConnectGetLibVersion(virDomainGetConnect(domain->domain), &ret->version);
}

void host_read(struct hotslot_domain *domain, struct host *ret)
{
	struct hotslot *hotslot = domain->hotslot;

	pthread_mutex_lock(&hotslot->lock);
	*ret = hotslot->host;
	pthread_mutex_unlock(&hotslot->lock);
	if ((*ret->uuid || hotslot->embedded) && ret->link == domain->link)
		return;
	ask(domain, ret);
	pthread_mutex_lock(&hotslot->lock);
	hotslot->host = *ret;
	pthread_mutex_unlock(&hotslot->lock);
}
