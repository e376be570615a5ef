/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the live XML of a domain. */
#include <libvirt/virterror.h>
#include <string.h>

#include "definition.h"
#include "domain.h"
#include "ended.h"
#include "error.h"
#include "generation.h"
#include "host.h"
#include "known.h"
#include "reopen.h"

static int read_text(struct hotslot_domain *domain, char **ret, struct hotslot_error *error)
{
	while (!(*ret = virDomainGetXMLDesc(domain->domain, 0))) {
		int r;

		if (!reopen_may_help() || !domain_is_lost(domain))
			break;
		r = domain_reopen(domain, error);
		if (r < 0)
			return r;
	}
	if (*ret)
		return 0;
	if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return ended(domain, error);
	return error_libvirt(error, "Cannot read domain %s", domain->name);
}

/* Both on one connection. */
static int read_text_and_host(struct hotslot_domain *domain, char **ret, struct host *ret_host,
	struct hotslot_error *error)
{
	for (;;) {
		_cleanup_free_ char *text = NULL;
		int r = read_text(domain, &text, error);
		unsigned link = domain->link;

		if (r < 0)
			return r;
		host_read(domain, ret_host);
		if (domain->link != link)
			continue;
		*ret = steal_pointer(text);
		return 0;
	}
}

/* How much of the document somebody wants, too. */
enum wanted {
	WANTED_NOTHING,
	WANTED_NEW,
	WANTED_ALL,
};

/* Takes TEXT over. */
static int parse(struct hotslot_domain *domain, char *text, enum wanted wanted,
	xmlDoc **ret_document, struct domain_xml **ret)
{
	_cleanup_free_ char *owned = NULL;

	if (wanted == WANTED_NOTHING)
		return last_read_parse(&domain->last_read, text, ret);
	if (wanted == WANTED_NEW)
		return last_read_parse_new(&domain->last_read, text, ret_document, ret);
	owned = text;
	*ret_document = xml_read(text);
	return *ret_document ? domain_xml_read(*ret_document, ret) : -EBADMSG;
}

static int read_some(struct hotslot_domain *domain, enum wanted wanted, xmlDoc **ret_document,
	struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	struct host host;
	char *text;
	int controller, r;

	if (wanted != WANTED_ALL)
		known_begin(domain);
	r = read_text_and_host(domain, &text, &host, error);
	if (r < 0)
		return r;
	r = parse(domain, text, wanted, &document, &xml);
	if (r < 0)
		return error_system(error, r, "Cannot parse the XML of domain %s", domain->name);
	if (xml->id < 0)
		return ended_shut_off(domain, error);
	controller = domain_controller(domain);
	if (controller >= 0)
		xml->controller = controller;
	generation_set(domain, xml, &host);
	domain->id = xml->id;
	snprintf(domain->socket, sizeof(domain->socket), "%s", xml->channel_path ?: "");
	ended_not(domain);
	if (wanted != WANTED_ALL)
		known_done(domain);
	if (ret_document)
		*ret_document = steal_pointer(document);
	*ret = steal_pointer(xml);
	return 0;
}

int domain_read(struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	return read_some(domain, WANTED_NOTHING, NULL, ret, error);
}

int domain_read_new(struct hotslot_domain *domain, xmlDoc **ret_document, struct domain_xml **ret,
	struct hotslot_error *error)
{
	return read_some(domain, WANTED_NEW, ret_document, ret, error);
}

int domain_read_document(struct hotslot_domain *domain, xmlDoc **ret_document,
	struct domain_xml **ret, struct hotslot_error *error)
{
	return read_some(domain, WANTED_ALL, ret_document, ret, error);
}

int domain_read_checked(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	if (r < 0)
		return r;
	r = domain_check(domain, xml, error);
	if (r < 0) {
		definition_explain(domain, error);
		return r;
	}
	*ret = steal_pointer(xml);
	return 0;
}
