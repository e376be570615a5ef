/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's half of a detach. */
#pragma once

#include "domain.h"

/* Detaches the device with this alias and waits until QEMU has let go of it. It is no error if
 * there is none. */
int unplug(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error);

/* Waits until a device is gone that somebody else may have begun to detach. Returns 1 if it is. */
int unplug_await(struct hotslot_domain *domain, const char *alias, uint64_t deadline,
	struct hotslot_error *error);
