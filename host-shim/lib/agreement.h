/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether host and guest manage the same controller. */
#pragma once

#include "domain.h"

/* GUEST is the controller of the agent's hello, empty if the guest has none. Fails with
 * HOTSLOT_ERROR_CONTROLLER or HOTSLOT_ERROR_NO_CONTROLLER, and says what to do. Where the XML does
 * not tell the path of the host's, the guest's must be none of which it does, and there must be no
 * other that it could be. */
int agreement_check(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *guest, struct hotslot_error *error);
