/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our element of a domain's metadata, as libvirt keeps it. */
#pragma once

#include "domain.h"

/* FLAGS say whether it is the running domain's or that of its configuration. */

/* *ret is NULL if there is none. The caller frees it. */
int element_get(
	struct hotslot_domain *domain, unsigned flags, char **ret, struct hotslot_error *error);

/* TEXT NULL: takes it away. */
int element_set(struct hotslot_domain *domain, unsigned flags, const char *text,
	struct hotslot_error *error);
