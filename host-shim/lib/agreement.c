/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether host and guest manage the same controller. */
#include "agreement.h"

#include <string.h>

#include "error.h"

static const struct xml_controller *find_guests(const struct domain_xml *xml, const char *guest)
{
	for (size_t i = 0; i < xml->n_controllers; i++)
		if (pci_path_is(&xml->controllers[i].path, guest))
			return &xml->controllers[i];
	return NULL;
}

static int disagree(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct xml_controller *ours, const char *guest, struct hotslot_error *error)
{
	const struct xml_controller *theirs = find_guests(xml, guest);
	char path[PCI_PATH_TEXT_SIZE], number[64] = "no controller of the domain's XML";
	int r;

	pci_path_format(&ours->path, path);
	if (!*path)
		strcpy(path, "an address that the XML does not tell");
	if (theirs)
		snprintf(number, sizeof(number), "controller %u", theirs->index);
	r = error_set(error, HOTSLOT_ERROR_CONTROLLER,
		"Host and guest of domain %s manage different controllers: the guest %s, which is "
		"%s, the host controller %u, at PCI %s; ",
		domain->name, guest, number, ours->index, path);
	if (theirs)
		error_append(error, "choose the guest's with --controller %u, or ", theirs->index);
	else
		error_append(error, "if it was detached, attach it there again, or ");
	error_append(error,
		"boot the guest with the host's as hotslot.controller= on its kernel command line");
	return r;
}

static size_t count_unknown(const struct domain_xml *xml)
{
	size_t n = 0;

	for (size_t i = 0; i < xml->n_controllers; i++)
		n += xml->controllers[i].path.length == 0;
	return n;
}

/* The XML does not tell where ours is. What the guest has is ours if it can be no other. */
static int check_unknown(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct xml_controller *ours, const char *guest, struct hotslot_error *error)
{
	if (xml->n_controllers == 1)
		return 0;
	if (find_guests(xml, guest))
		return disagree(domain, xml, ours, guest, error);
	if (count_unknown(xml) == 1)
		return 0;
	return error_set(error, HOTSLOT_ERROR_CONTROLLER,
		"Domain %s has several virtio-scsi controllers, and its XML does not tell which of "
		"them is the guest's, %s: give each a PCI address",
		domain->name, guest);
}

int agreement_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *guest, struct hotslot_error *error)
{
	const struct xml_controller *ours = domain_xml_controller(xml, xml->controller);

	if (!*guest)
		return error_set(error, HOTSLOT_ERROR_NO_CONTROLLER,
			"The guest of domain %s manages no virtio-scsi controller: it sees none, "
			"or "
			"the system's own disks are on each",
			domain->name);
	if (!ours || pci_path_is(&ours->path, guest))
		return 0;
	if (ours->path.length == 0)
		return check_unknown(domain, xml, ours, guest, error);
	return disagree(domain, xml, ours, guest, error);
}
