/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listing the disks of host and guest in one. */
#include "error.h"
#include "guest.h"
#include "options.h"
#include "session.h"
#include "slot.h"

static int compare_places(const void *a, const void *b)
{
	const struct record *const *left = a;
	const struct record *const *right = b;

	return (*left)->place < (*right)->place ? -1 : (*left)->place > (*right)->place;
}

/* The guest's records with nothing of the system target. */
static void drop_system(struct record **records, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (records[i]->disk.target == SLOT_SYSTEM_TARGET)
			record_free(records[i]);
		else
			records[kept++] = records[i];
	}
	*count = kept;
}

/* Adds the host's disks to the guest's *COUNT records, the first VISIBLE of which are sorted. */
static int add_host_disk(
	struct record **records, size_t visible, size_t *count, const struct xml_disk *disk)
{
	struct record *record = record_new(disk->target, disk->unit), **found;

	if (!record)
		return -ENOMEM;
	found = visible ? bsearch(&record, records, visible, sizeof(struct record *),
				  compare_places)
			: NULL;
	if (found) {
		record_free(record);
		return record_add_host(*found, disk);
	}
	records[(*count)++] = record;
	return record_add_host(record, disk);
}

static int merge(const struct domain_xml *xml, struct record ***records, size_t *count)
{
	size_t visible;
	struct record **all;

	drop_system(*records, count);
	visible = *count;
	/* One more, as there may be none at all. */
	all = reallocarray(*records, visible + xml->n_disks + 1, sizeof(struct record *));
	if (!all)
		return -ENOMEM;
	*records = all;
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];
		int r = 0;

		if (domain_xml_manages(xml, disk) && disk->target != SLOT_SYSTEM_TARGET)
			r = add_host_disk(all, visible, count, disk);
		if (r < 0)
			return r;
	}
	qsort(all, *count, sizeof(struct record *), compare_places);
	return 0;
}

int hotslot_list(struct hotslot_domain *domain, struct hotslot_disk ***ret, size_t *ret_count,
	struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	uint64_t deadline;
	struct hotslot_error ignored;
	struct record **records = NULL;
	size_t count = 0;
	_domain_call_(domain);
	int r;

	error = error_begin(error, &ignored);
	/* Other calls had their own time. */
	deadline = deadline_after(0, TIMEOUT_DEFAULT_MS);
	r = session_open(domain, deadline, &xml, error);
	if (r == 0)
		r = guest_disks(domain, deadline, &records, &count, error);
	if (r < 0)
		return r;
	if (merge(xml, &records, &count) < 0) {
		records_free(records, count);
		return error_memory(error);
	}
	/* A record starts with its disk. */
	*ret = (struct hotslot_disk **)records;
	*ret_count = count;
	return 0;
}

void hotslot_disks_free(struct hotslot_disk **disks, size_t count)
{
	records_free((struct record **)disks, count);
}
