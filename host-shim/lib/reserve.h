/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved slots, in the domain's metadata. */
#pragma once

#include "domain.h"

/* Whether the slot is reserved in the XML that was read. */
bool reserve_has(const struct domain_xml *xml, unsigned slot);

/* Reserves the slot, or reserves it no more. In a call, with the session held; XML is current. */
int reserve_add(struct hotslot_domain *domain, const struct domain_xml *xml, unsigned slot,
	struct hotslot_error *error);
int reserve_remove(struct hotslot_domain *domain, const struct domain_xml *xml, unsigned slot,
	struct hotslot_error *error);
