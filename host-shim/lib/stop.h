/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ending a domain without asking its guest. */
#pragma once

#include "domain.h"

/* It is no error if the domain has ended already. */
int stop(struct hotslot_domain *domain, struct hotslot_error *error);
