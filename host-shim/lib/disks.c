/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks of a domain, as host and guest see them, in one inventory. */
#include "disks.h"

#include "error.h"
#include "places.h"

static int compare_places(const void *a, const void *b)
{
	const struct record *const *left = a;
	const struct record *const *right = b;

	return (*left)->place < (*right)->place ? -1 : (*left)->place > (*right)->place;
}

/* The guest's records with nothing of the system target, whatever the guest says. */
static void drop_system(struct disks *disks)
{
	size_t kept = 0;

	for (size_t i = 0; i < disks->count; i++) {
		if (disks->records[i]->disk.target == SLOT_SYSTEM_TARGET)
			record_free(disks->records[i]);
		else
			disks->records[kept++] = disks->records[i];
	}
	disks->count = kept;
}

/* The first VISIBLE records are the guest's, and sorted. */
static int add_host_disk(struct disks *disks, size_t visible, const struct xml_disk *disk)
{
	struct record *record = record_new(disk->target, disk->unit), **found;

	if (!record)
		return -ENOMEM;
	found = visible ? bsearch(&record, disks->records, visible, sizeof(struct record *),
				  compare_places)
			: NULL;
	if (!found && guest_hides(&disks->hidden, record->place)) {
		record_free(record);
		return 0;
	}
	if (found) {
		record_free(record);
		return record_add_host(*found, disk);
	}
	disks->records[disks->count++] = record;
	return record_add_host(record, disk);
}

static int merge(const struct domain_xml *xml, struct disks *disks)
{
	size_t visible;
	struct record **all;

	drop_system(disks);
	visible = disks->count;
	/* One more, as there may be none at all. */
	all = reallocarray(disks->records, visible + xml->n_disks + 1, sizeof(struct record *));
	if (!all)
		return -ENOMEM;
	disks->records = all;
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];
		int r = 0;

		if (domain_xml_manages(xml, disk) && disk->target != SLOT_SYSTEM_TARGET)
			r = add_host_disk(disks, visible, disk);
		if (r < 0)
			return r;
	}
	qsort(all, disks->count, sizeof(struct record *), compare_places);
	return 0;
}

int disks_read(struct hotslot_domain *domain, const struct domain_xml *xml, uint64_t deadline,
	struct disks *ret, struct hotslot_error *error)
{
	_cleanup_disks_ struct disks disks = {};
	int r = guest_disks(domain, deadline, &disks.records, &disks.count, &disks.hidden, error);

	if (r < 0)
		return r;
	if (merge(xml, &disks) < 0)
		return error_memory(error);
	*ret = disks;
	disks = (struct disks){};
	return 0;
}

void disks_done(struct disks *disks)
{
	records_free(disks->records, disks->count);
}
