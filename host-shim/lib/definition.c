/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The persistent definition of a domain: what it is started from the next time. */
#include "definition.h"

#include <libvirt/virterror.h>

#include "domain-ask.h"
#include "error.h"
#include "wire.h"
#include "xml-controls.h"

/* The XML of a transient domain has no word of its not being there the next time. */
static int check_persistent(struct hotslot_domain *domain, struct hotslot_error *error)
{
	int persistent = domain_is_persistent(domain);

	if (persistent > 0)
		return 0;
	if (persistent == 0)
		return error_set(error, HOTSLOT_ERROR_TRANSIENT,
			"Domain %s is transient: it has no definition that outlives it",
			domain->name);
	return error_libvirt(error, "Cannot ask about domain %s", domain->name);
}

static int read_text(
	struct hotslot_domain *domain, unsigned flags, char **ret, struct hotslot_error *error)
{
	char *text;
	int r = check_persistent(domain, error);

	if (r < 0)
		return r;
	text = domain_get_xml(domain, VIR_DOMAIN_XML_INACTIVE | flags);
	if (!text)
		return error_libvirt(
			error, "Cannot read the definition of domain %s", domain->name);
	*ret = text;
	return 0;
}

int definition_read_text(struct hotslot_domain *domain, char **ret, struct hotslot_error *error)
{
	_cleanup_free_ char *text = NULL;
	int r = read_text(domain, VIR_DOMAIN_XML_SECURE, &text, error);

	if (r == 0 && xml_escape_controls(text, ret) < 0)
		r = error_memory(error);
	return r;
}

int definition_read(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_free_ char *text = NULL;
	int r = read_text(domain, 0, &text, error), controller;

	if (r < 0)
		return r;
	r = domain_xml_parse(text, &xml);
	if (r < 0)
		return error_system(
			error, r, "Cannot parse the definition of domain %s", domain->name);
	controller = domain_controller(domain);
	if (controller >= 0)
		xml->controller = controller;
	*ret = steal_pointer(xml);
	return 0;
}

void definition_explain(struct hotslot_domain *domain, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	enum hotslot_error_code code = error->code;
	struct hotslot_error lack = {};

	if ((code != HOTSLOT_ERROR_NO_CHANNEL && code != HOTSLOT_ERROR_NO_CONTROLLER) ||
		domain_is_persistent(domain) <= 0 || definition_read(domain, &xml, &lack) < 0)
		return;
	if (code == HOTSLOT_ERROR_NO_CHANNEL ? xml->has_channel
					     : domain_xml_controller(xml, xml->controller) != NULL)
		error_set(error, code,
			"Domain %s has no %s yet: its definition has one, from the next boot on",
			domain->name,
			code == HOTSLOT_ERROR_NO_CHANNEL ? "virtio channel " HOTSLOT_PORT_NAME
							 : "virtio-scsi controller to manage");
}
