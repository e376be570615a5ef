/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request has waited for in vain. */
#pragma once

#include "pending.h"

/* The kernel may be done with the last disk there, but udevd may not. */
bool place_is_vacated(const struct server *server, uint32_t place);

/* Fills *FAILURE for a request whose deadline has come; ENTRY is its disk, or NULL. */
void explain_timeout(const struct server *server, const struct pending *pending,
	const struct entry *entry, struct failure *failure);
