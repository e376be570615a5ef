/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks of a domain's definition, and which of those that it has now are there, too. */
#pragma once

#include "disks.h"
#include "domain.h"

/* The disk of the definition that a reference names. In a call; the caller frees *ret. */
int list_config_resolve(struct hotslot_domain *domain, const struct reference *reference,
	struct record **ret, struct hotslot_error *error);

/* Says of disks of the running domain, whose XML this is, whether its definition has them, too; if
 * that cannot be read, nothing. In a call. */
void list_config_mark(struct hotslot_domain *domain, const struct domain_xml *xml,
	struct record **records, size_t count);
