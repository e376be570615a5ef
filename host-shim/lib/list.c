/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listing the disks of host and guest. */
#include "config.h"
#include "disks.h"
#include "error.h"
#include "list-config.h"
#include "options.h"
#include "session.h"

int hotslot_list(struct hotslot_domain *domain, struct hotslot_disk ***ret, size_t *ret_count,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored;
	struct disks disks;
	uint64_t deadline;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, 0, &call, error);
	if (r < 0)
		return r;
	/* Other calls had their own time. */
	deadline = domain_deadline(domain);
	r = session_open(domain, deadline, &xml, error);
	if (r == 0)
		r = disks_read(domain, xml, deadline, &disks, error);
	if (r < 0)
		return config_advise(domain, r, error);
	if (disks.hidden.undecided)
		connection_notice(domain->hotslot,
			"The guest of domain %s cannot tell yet which disks its root file system "
			"stands on, so it hides them all",
			domain->name);
	list_config_mark(domain, xml, disks.records, disks.count);
	/* A record starts with its disk. */
	*ret = (struct hotslot_disk **)disks.records;
	*ret_count = disks.count;
	return 0;
}

void hotslot_disks_free(struct hotslot_disk **disks, size_t count)
{
	records_free((struct record **)disks, count);
}
