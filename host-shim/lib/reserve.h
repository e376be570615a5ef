/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved slots, in the domain's metadata. */
#pragma once

#include "domain.h"

/* Whether the slot is reserved in the XML that was read. */
bool reserve_has(const struct domain_xml *xml, unsigned slot);

/* Reserves the slot, or reserves it no more: in a call, with the session held. */
int reserve_add(struct hotslot_domain *domain, unsigned slot, struct hotslot_error *error);
int reserve_remove(struct hotslot_domain *domain, unsigned slot, struct hotslot_error *error);

/* A disk of the running domain fills the slot. Its configuration does not have the disk, and keeps
 * the reservation for the next start. */
int reserve_fill(struct hotslot_domain *domain, unsigned slot, struct hotslot_error *error);
