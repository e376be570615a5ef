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

/* Makes *RET_TEXT of OLD: what virDomainGetMetadata() gives, and virDomainSetMetadata() is to get;
 * each is NULL for none. Returns 1 if there is nothing to set. The caller frees *RET_TEXT. */
typedef int (*element_change_fn)(const char *old, void *data, char **ret_text);

/* Sets what FN makes of what there is; nobody else of ours changes a definition's meanwhile.
 * Returns what FN does if it fails. */
int element_change(struct hotslot_domain *domain, unsigned flags, element_change_fn fn, void *data,
	struct hotslot_error *error);
