/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a domain has the disk that was attached as it was asked for. */
#include "attach-work.h"
#include "drive-verify.h"
#include "image-user.h"
#include "slot.h"

int attach_compare(const struct attach *attach, xmlDoc *document, const struct domain_xml *xml,
	const char *where, struct hotslot_error *error)
{
	return drive_verify(&attach->drive, (unsigned)attach->xml->controller, document, xml, where,
		attach->domain->name, error);
}

int attach_verify(struct attach *attach, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	_cleanup_xml_ xmlDoc *document = NULL;
	int r = domain_read_new(attach->domain, &document, &xml, error);

	if (r == 0)
		r = attach_compare(attach, document, xml, "Domain", error);
	if (r == 0)
		*ret = steal_pointer(xml);
	return r;
}

int attach_verify_image(
	const struct attach *attach, const struct domain_xml *xml, struct hotslot_error *error)
{
	unsigned slot = attach->drive.slot;

	return image_check_attached(attach->domain->hotslot, xml,
		domain_xml_disk_at(xml, slot_target(slot), slot_lun(slot)), error);
}
