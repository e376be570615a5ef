/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which host a domain runs on. Neither its id nor its genid tells: the genid goes along when it is
 * migrated, and the id may happen to be the same. Nor does the host's name, which takes libvirt to
 * a name server. Where libvirt finds none that is the machine's, each daemon makes one up: then it
 * lasts as long as the connection, as for all who are connected to the same daemon.
 */
#include "host-uuid.h"

#include <string.h>

#include "xml.h"

static char *read_uuid(virConnectPtr connection)
{
	_cleanup_free_ char *text = virConnectGetCapabilities(connection);
	_cleanup_xml_ xmlDoc *document = text ? xml_read(text) : NULL;
	xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;

	return xml_text(xml_child(xml_child(root, "host"), "uuid"));
}

/* It becomes part of a file's name. */
static bool is_uuid(const char *text)
{
	return text && strlen(text) == VIR_UUID_STRING_BUFLEN - 1 &&
	       text[strspn(text, "0123456789abcdefABCDEF-")] == '\0';
}

void host_uuid_read(struct hotslot_domain *domain, char ret[VIR_UUID_STRING_BUFLEN])
{
	struct hotslot *hotslot = domain->hotslot;
	_cleanup_free_ char *uuid = NULL;

	pthread_mutex_lock(&hotslot->lock);
	if (hotslot->host_uuid_link == domain->link)
		memcpy(ret, hotslot->host_uuid, VIR_UUID_STRING_BUFLEN);
	else
		*ret = '\0';
	pthread_mutex_unlock(&hotslot->lock);
	if (*ret)
		return;
	uuid = read_uuid(virDomainGetConnect(domain->domain));
	snprintf(ret, VIR_UUID_STRING_BUFLEN, "%s", is_uuid(uuid) ? uuid : "");
	pthread_mutex_lock(&hotslot->lock);
	memcpy(hotslot->host_uuid, ret, VIR_UUID_STRING_BUFLEN);
	hotslot->host_uuid_link = domain->link;
	pthread_mutex_unlock(&hotslot->lock);
}
