/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The persistent definition of a domain: what it is started from the next time. */
#pragma once

#include "domain.h"

/* Reads and parses it. Of a transient domain there is none: HOTSLOT_ERROR_TRANSIENT. Nothing needs
 * to run for it, and nobody's turn is taken. */
int definition_read(
	struct hotslot_domain *domain, struct domain_xml **ret, struct hotslot_error *error);

/* Its text, with all that defining it again needs: secrets, and tabs and line ends such that a
 * parser reads them as they are. The caller frees *ret. */
int definition_read_text(struct hotslot_domain *domain, char **ret, struct hotslot_error *error);

/* If the running domain lacks a channel or a controller that the definition has by now, the error
 * says so. */
void definition_explain(struct hotslot_domain *domain, struct hotslot_error *error);
