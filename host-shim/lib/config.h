/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's persistent definition as a place for disks: what is done there, and what it needs. */
#pragma once

#include "definition.h"
#include "reference.h"

/* Whether the domain runs now: 1 or 0. */
int config_is_running(struct hotslot_domain *domain, struct hotslot_error *error);

/* What a caller's scope comes to now: that of a domain which is shut off is its definition. Fails
 * with HOTSLOT_ERROR_TRANSIENT if there is no definition to change. */
int config_scope(struct hotslot_domain *domain, enum hotslot_scope wanted, enum hotslot_scope *ret,
	struct hotslot_error *error);

/* The failure was that the domain is shut off: says what would do. Returns R. */
int config_advise(struct hotslot_domain *domain, int r, struct hotslot_error *error);

/* Reads the definition. It must have sound metadata and the virtio-scsi controller CONTROLLER, -1:
 * one that is managed by default, or by hotslot_domain_set_controller(). The caller frees *ret. */
int config_read(struct hotslot_domain *domain, int controller, struct domain_xml **ret,
	struct hotslot_error *error);

/* The same with -1. */
int config_read_default(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* Reads the running domain's XML if it runs, checked, else its definition. */
int config_read_either(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* The disk of the definition that a reference names; *ret is XML's. HOTSLOT_ERROR_SLOT_EMPTY or
 * HOTSLOT_ERROR_NO_DISK if none, HOTSLOT_ERROR_PROTECTED if it is the system's own. */
int config_lookup(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, const struct xml_disk **ret,
	struct hotslot_error *error);

/* Writes a disk, as an element, into the definition. libvirt may change it, or a daemon that has
 * gone in between may have said nothing of it: who calls reads back. */
int config_add(struct hotslot_domain *domain, const char *text, struct hotslot_error *error);

/* Takes a disk out of the definition: by its alias, else by its element, as it is there now.
 * Reads back that it is gone, and no other disk with it. */
int config_remove(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error);
