/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of which generation a domain is: what the agent is told, to know when its memory may have gone
 * back in time. */
#pragma once

#include "domain.h"

/* Notes the generation that XML, just read on HOST, is of. In a call. */
void generation_set(
	struct hotslot_domain *domain, const struct domain_xml *xml, const struct host *host);
