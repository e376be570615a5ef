/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks that list shows: all of a domain, or those that references name. */
#include "selection.h"

static int compare_slots(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* Slots first, then what has none. */
static int compare_disks(const void *a, const void *b)
{
	const struct hotslot_disk *left = *(struct hotslot_disk *const *)a;
	const struct hotslot_disk *right = *(struct hotslot_disk *const *)b;

	if ((left->slot < 0) != (right->slot < 0))
		return left->slot < 0 ? 1 : -1;
	if (left->target != right->target)
		return left->target < right->target ? -1 : 1;
	return left->lun < right->lun ? -1 : left->lun > right->lun;
}

static void sort_disks(struct selection *selection)
{
	size_t kept = 0;

	qsort(selection->disks, selection->n_disks, sizeof(*selection->disks), compare_disks);
	for (size_t i = 0; i < selection->n_disks; i++) {
		struct hotslot_disk **disk = &selection->disks[i];

		if (kept > 0 && compare_disks(&selection->disks[kept - 1], disk) == 0)
			hotslot_disk_free(*disk);
		else
			selection->disks[kept++] = *disk;
	}
	selection->n_disks = kept;
}

static void sort_reserved(struct selection *selection)
{
	size_t kept = 0;

	qsort(selection->reserved, selection->n_reserved, sizeof(int), compare_slots);
	for (size_t i = 0; i < selection->n_reserved; i++)
		if (kept == 0 || selection->reserved[kept - 1] != selection->reserved[i])
			selection->reserved[kept++] = selection->reserved[i];
	selection->n_reserved = kept;
}

/* Adds the disk, or the slot that is only reserved. ALL are the reserved slots of the domain. */
static int add(struct hotslot_domain *domain, const char *reference, const struct selection *all,
	struct selection *selection, struct hotslot_error *error)
{
	struct hotslot_disk **disk;
	bool is_slot, reserved;
	int slot = -1, r;

	is_slot = hotslot_slot_parse(reference, &slot, NULL) == 0;
	disk = &selection->disks[selection->n_disks];
	r = selection->config ? hotslot_resolve_config(domain, reference, disk, error)
			      : hotslot_resolve(domain, reference, disk, NULL, error);
	if (r == 0)
		slot = selection->disks[selection->n_disks++]->slot;
	else if (!is_slot || error->code != HOTSLOT_ERROR_SLOT_EMPTY)
		return r;
	reserved = slot >= 0 && all->n_reserved > 0 &&
		   bsearch(&slot, all->reserved, all->n_reserved, sizeof(int), compare_slots);
	if (reserved)
		selection->reserved[selection->n_reserved++] = slot;
	return r == 0 || reserved ? 0 : r;
}

static int add_named(struct hotslot_domain *domain, const struct arguments *arguments,
	const struct selection *all, struct selection *selection, const char **ret_subject,
	struct hotslot_error *error)
{
	size_t n = (size_t)arguments->count;

	selection->disks = calloc(n, sizeof(*selection->disks));
	selection->reserved = calloc(n, sizeof(*selection->reserved));
	if (!selection->disks || !selection->reserved)
		return set_error(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		int r = add(domain, arguments->values[i], all, selection, error);

		if (r < 0) {
			*ret_subject = arguments->values[i];
			return r;
		}
	}
	sort_disks(selection);
	sort_reserved(selection);
	return 0;
}

int selection_read(struct hotslot_domain *domain, const struct arguments *arguments, bool config,
	struct selection *ret, const char **ret_subject, struct hotslot_error *error)
{
	struct selection all = { .config = config }, named = { .config = config };
	bool whole = arguments->count == 0;
	int r;

	*ret_subject = arguments->domain;
	r = (config ? hotslot_reserved_config : hotslot_reserved)(
		domain, &all.reserved, &all.n_reserved, error);
	if (r == 0 && whole)
		r = (config ? hotslot_list_config : hotslot_list)(
			domain, &all.disks, &all.n_disks, error);
	else if (r == 0)
		r = add_named(domain, arguments, &all, &named, ret_subject, error);
	if (r == 0)
		*ret = whole ? all : named;
	if (r < 0 || whole)
		selection_done(&named);
	if (r < 0 || !whole)
		selection_done(&all);
	return r;
}

void selection_done(struct selection *selection)
{
	hotslot_disks_free(selection->disks, selection->n_disks);
	free(selection->reserved);
}
