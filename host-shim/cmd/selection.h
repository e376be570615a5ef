/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that list shows: all of a domain, or those that references name. */
#pragma once

#include "client.h"
#include "options.h"

struct selection {
	struct hotslot_disk **disks; /* in the order of their places */
	size_t n_disks;
	int *reserved; /* slots, in order */
	size_t n_reserved;
	bool config; /* of the definition, not of the running domain */
};

/* The caller frees *ret with selection_done(). *ret_subject, which is set on failure, is what
 * failed. */
int selection_read(struct hotslot_domain *domain, const struct arguments *arguments, bool config,
	struct selection *ret, const char **ret_subject, struct hotslot_error *error);

void selection_done(struct selection *selection);
