/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks of a domain's definition, and which of those that it has now are there, too. */
#include "list-config.h"

#include "config.h"
#include "counterpart.h"
#include "error.h"
#include "places.h"
#include "resolve.h"
#include "session.h"

/* The definition, and the running domain's XML; that is NULL if the domain is shut off. */
struct both {
	struct domain_xml *definition, *live;
};

static void both_done(struct both *both)
{
	domain_xml_free(both->definition);
	domain_xml_free(both->live);
}

#define _cleanup_both_ _cleanup_(both_done)

static int both_read(struct hotslot_domain *domain, struct both *ret, struct hotslot_error *error)
{
	int r = config_read(domain, -1, &ret->definition, error);

	if (r == 0)
		r = config_is_running(domain, error);
	return r > 0 ? domain_read(domain, &ret->live, error) : r;
}

static int make_record(const struct both *both, const struct xml_disk *disk, struct record **ret,
	struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = record_new(disk->target, disk->unit);

	if (!record || record_add_host(record, disk) < 0)
		return error_memory(error);
	record->disk.attached = both->live && counterpart_find(both->live, disk);
	record->disk.persistence = HOTSLOT_PERSISTENCE_YES;
	*ret = steal_pointer(record);
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct record *left = *(struct record *const *)a, *right = *(struct record *const *)b;

	return left->place < right->place ? -1 : left->place > right->place;
}

static int make_records(const struct both *both, struct record **records, size_t *ret_count,
	struct hotslot_error *error)
{
	const struct domain_xml *xml = both->definition;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < xml->n_disks && r == 0; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (!domain_xml_manages(xml, disk) || disk->target == SLOT_SYSTEM_TARGET)
			continue;
		r = make_record(both, disk, &records[count], error);
		count += r == 0;
	}
	qsort(records, count, sizeof(struct record *), compare_places);
	*ret_count = count;
	return r;
}

int hotslot_list_config(struct hotslot_domain *domain, struct hotslot_disk ***ret,
	size_t *ret_count, struct hotslot_error *error)
{
	_cleanup_call_ struct hotslot_domain *call = NULL;
	_cleanup_both_ struct both both = {};
	struct hotslot_error ignored;
	struct record **records;
	size_t count;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = both_read(domain, &both, error);
	if (r < 0)
		return r;
	records = calloc(both.definition->n_disks + 1, sizeof(struct record *));
	if (!records)
		return error_memory(error);
	r = make_records(&both, records, &count, error);
	if (r < 0) {
		records_free(records, count);
		return r;
	}
	*ret = (struct hotslot_disk **)records;
	*ret_count = count;
	return 0;
}

int list_config_resolve(struct hotslot_domain *domain, const struct reference *reference,
	struct record **ret, struct hotslot_error *error)
{
	_cleanup_both_ struct both both = {};
	const struct xml_disk *disk;
	int r = both_read(domain, &both, error);

	if (r == 0)
		r = config_lookup(domain, both.definition, reference, &disk, error);
	if (r < 0)
		return r;
	if (reference->partition > 0)
		return error_set(error, HOTSLOT_ERROR_NO_DISK,
			"Whether the disk %s of domain %s has a partition %u, only its guest knows",
			place_locate(place_number(disk->target, disk->unit)).text, domain->name,
			reference->partition);
	return make_record(&both, disk, ret, error);
}

int hotslot_resolve_config(struct hotslot_domain *domain, const char *text,
	struct hotslot_disk **ret, struct hotslot_error *error)
{
	_cleanup_reference_ struct reference reference = {};
	_cleanup_record_ struct record *record = NULL;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	struct hotslot_error ignored;
	int r;

	error = error_begin(error, &ignored);
	r = reference_parse(text, &reference, error);
	if (r == 0)
		r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = list_config_resolve(domain, &reference, &record, error);
	if (r == 0 && ret)
		*ret = &steal_pointer(record)->disk;
	return r;
}

/* ---- of the running domain's disks ---- */

void list_config_mark(struct hotslot_domain *domain, const struct domain_xml *xml,
	struct record **records, size_t count)
{
	_cleanup_domain_xml_ struct domain_xml *definition = NULL;
	struct hotslot_error error = {};

	if (definition_read(domain, &definition, &error) < 0 &&
		error.code != HOTSLOT_ERROR_TRANSIENT)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct xml_disk *disk = resolve_host(xml, records[i]->place);
		bool found = definition && disk && counterpart_find(definition, disk);

		records[i]->disk.persistence =
			found ? HOTSLOT_PERSISTENCE_YES : HOTSLOT_PERSISTENCE_NO;
	}
}
