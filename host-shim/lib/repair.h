/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finishing or undoing what calls that were broken off have left. */
#pragma once

#include "domain.h"

/*
 * What a call does when its session has just begun. Costs nothing where nothing is left: what the
 * agent said in its hello is compared with *XML, which is read again if it has changed. What cannot
 * be put right is told like what can; fails only if there is no going on with the domain.
 */
int repair_begun(struct hotslot_domain *domain, uint64_t deadline, struct domain_xml **xml,
	struct hotslot_error *error);

/* Says what to do about a domain whose agent does not answer because its launch is not done. XML is
 * NULL if it could not be read. Returns R. */
int repair_advise(const struct hotslot_domain *domain, const struct domain_xml *xml, int r,
	struct hotslot_error *error);
