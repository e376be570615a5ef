/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Having libvirt start the domain of a launch. */
#pragma once

#include "plan.h"

/* Starts it, and first defines it if it is to be persistent. It is tried again if libvirt's daemon
 * goes meanwhile and comes back by DEADLINE; one that was started by then is taken as it is. */
int launch_create(struct hotslot *hotslot, const struct plan *plan, uint64_t deadline,
	struct hotslot_domain **ret, struct hotslot_error *error);

/* Adds to an error that the domain's definition could not be taken away again. */
void launch_still_defined(const struct plan *plan, struct hotslot_error *error);
