/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call that does several things, one after the other. */
#pragma once

#include "domain.h"

/* In a call: whether anybody waits for its end, in this process or another. */
bool call_is_wanted(struct hotslot_domain *domain);

/* In a call: what comes now has the time of one that begins now. */
void call_renew(struct hotslot_domain *domain, unsigned timeout_ms);
