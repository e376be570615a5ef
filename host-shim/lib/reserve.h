/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved slots, in the domain's metadata. */
#pragma once

#include "domain.h"

/* Whether the slot is reserved in the XML that was read. */
bool reserve_has(const struct domain_xml *xml, unsigned slot);

/* Reserves the slot, or reserves it no more: in a call, with the session held where the scope is
 * not the configuration alone. Otherwise it is both, if the domain is persistent. */
int reserve_add(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope scope,
	struct hotslot_error *error);
int reserve_remove(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope scope,
	struct hotslot_error *error);

/* A disk of the running domain, or of its configuration, fills the slot there. The other one does
 * not have the disk, and keeps the reservation. */
int reserve_fill(struct hotslot_domain *domain, unsigned slot, enum hotslot_scope where,
	struct hotslot_error *error);
