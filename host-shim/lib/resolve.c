/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a reference to the disk that it names. */
#include "resolve.h"

#include <string.h>

#include "disks.h"
#include "encode.h"
#include "error.h"
#include "options.h"
#include "places.h"
#include "reserve.h"
#include "session.h"

const struct xml_disk *resolve_host(const struct domain_xml *xml, uint64_t place)
{
	return domain_xml_disk_at(xml, place_target(place), place_lun(place));
}

int resolve_empty(const struct hotslot_domain *domain, const struct domain_xml *xml, uint64_t place,
	struct hotslot_error *error)
{
	if (!place_is_slot(place))
		return error_set(error, HOTSLOT_ERROR_NO_DISK, "No disk is %s of domain %s",
			place_locate(place).text, domain->name);
	if (reserve_has(xml, (unsigned)place))
		return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY,
			"Slot %u of domain %s is reserved; no disk is in it", (unsigned)place,
			domain->name);
	return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY, "No disk is in slot %u of domain %s",
		(unsigned)place, domain->name);
}

static int hidden_disk(const struct hotslot_domain *domain, const struct guest_hidden *hidden,
	uint64_t place, struct hotslot_error *error)
{
	if (!guest_hides(hidden, place))
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The guest of domain %s does not show the disk %s; its agent is older than "
			"this hotslot, and does not say whether that is the system's own",
			domain->name, place_locate(place).text);
	return error_set(error, HOTSLOT_ERROR_PROTECTED, "The disk %s of domain %s is hidden: %s",
		place_locate(place).text, domain->name,
		hidden->undecided ? "the guest cannot tell yet which disks its root file system "
				    "stands on"
				  : "it is the system's own");
}

int resolve_unseen(const struct hotslot_domain *domain, const struct guest_hidden *hidden,
	uint64_t place, struct hotslot_error *error)
{
	if (guest_may_hide(hidden, place))
		return hidden_disk(domain, hidden, place, error);
	return error_set(error, HOTSLOT_ERROR_NOT_CONFIRMED,
		"The guest of domain %s does not see the disk %s", domain->name,
		place_locate(place).text);
}

int resolve_changed(
	const struct hotslot_domain *domain, uint64_t place, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_NO_DISK,
		"The disk %s of domain %s has changed meanwhile", place_locate(place).text,
		domain->name);
}

int resolve_still(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct xml_disk *disk, struct hotslot_error *error)
{
	bool empty = true;

	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *now = &xml->disks[i];

		if (xml_disk_is_same(now, disk))
			return RESOLVED_AGAIN;
		empty = empty && !xml_disk_shares(now, disk);
	}
	return empty ? RESOLVED_GONE
		     : resolve_changed(domain, place_number(disk->target, disk->unit), error);
}

int resolve_again(
	struct hotslot_domain *domain, const struct xml_disk *disk, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	int r = domain_read(domain, &xml, error);

	return r < 0 ? r : resolve_still(domain, xml, disk, error);
}

int resolve_allow(const struct hotslot_domain *domain, const struct reference *reference,
	const struct xml_disk *disk, bool foreign, struct hotslot_error *error)
{
	if (foreign || reference->kind == REFERENCE_ALIAS || !record_is_foreign(disk))
		return 0;
	return error_set(error, HOTSLOT_ERROR_FOREIGN,
		"Somebody else has attached the disk %s of domain %s: name it alias:%s, or say "
		"--foreign",
		place_locate(place_number(disk->target, disk->unit)).text, domain->name,
		disk->alias ?: "");
}

/* ---- by alias: the host knows ---- */

static int place_by_alias(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, uint64_t *ret, struct hotslot_error *error)
{
	bool id = reference->kind == REFERENCE_ID;
	_cleanup_free_ char *alias = NULL;
	const struct xml_disk *disk;

	if (asprintf(&alias, "%s%s", id ? ALIAS_PREFIX : "", reference->value) < 0) {
		alias = NULL;
		return error_memory(error);
	}
	disk = domain_xml_disk_by_alias(xml, alias);
	if (!disk || !domain_xml_manages(xml, disk))
		return error_set(error, HOTSLOT_ERROR_NO_DISK,
			"No disk on the managed controller of domain %s has the %s %s",
			domain->name, id ? "id" : "alias", reference->value);
	if (disk->target == SLOT_SYSTEM_TARGET)
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The disk %s of domain %s is the system's own", alias, domain->name);
	*ret = place_number(disk->target, disk->unit);
	return 0;
}

/* ---- by serial: the guest knows, and for disks that it does not show, the host ---- */

static bool has_text(const char *text, const char *serial)
{
	return text && strcmp(text, serial) == 0;
}

/* The guest's is what a person sees; of a disk that the host does not have, it is no name. */
static bool guest_has(const struct record *record, const char *serial)
{
	return record->disk.attached && has_text(record->disk.serial, serial);
}

/* The host's may be longer than what QEMU delivers, or have blanks that it does not. */
static bool host_has(const struct record *record, const char *serial)
{
	return has_text(record->host_serial, serial);
}

typedef bool (*has_serial_fn)(const struct record *record, const char *serial);

static int ambiguous(const struct hotslot_domain *domain, const struct disks *disks,
	has_serial_fn has, const char *serial, struct hotslot_error *error)
{
	const char *separator = "";
	int r = error_set(error, HOTSLOT_ERROR_AMBIGUOUS,
		"Several disks of domain %s have the serial %s: ", domain->name, serial);

	for (size_t i = 0; i < disks->count; i++) {
		const struct record *record = disks->records[i];

		if (!has(record, serial))
			continue;
		error_append(error, "%sthe one %s", separator, place_locate(record->place).text);
		separator = ", ";
	}
	return r;
}

/* A serial of which host and guest say different things is nobody's. */
static int check_mismatch(const struct hotslot_domain *domain, const struct disks *disks,
	const char *serial, struct hotslot_error *error)
{
	for (size_t i = 0; i < disks->count; i++) {
		const struct record *record = disks->records[i];

		if (record->disk.mismatch &&
			(guest_has(record, serial) || host_has(record, serial)))
			return error_set(error, HOTSLOT_ERROR_MISMATCH,
				"Host and guest of domain %s see different disks %s: the guest "
				"reads serial %s, the host has given %s; name it in another way",
				domain->name, place_locate(record->place).text,
				record->disk.serial ?: "none", record->host_serial ?: "none");
	}
	return 0;
}

/* Returns 1 if a disk has it, 0 if none. */
static int pick(const struct hotslot_domain *domain, struct disks *disks, has_serial_fn has,
	const char *serial, struct record **ret, struct hotslot_error *error)
{
	struct record **found = NULL;

	for (size_t i = 0; i < disks->count; i++) {
		if (!has(disks->records[i], serial))
			continue;
		if (found)
			return ambiguous(domain, disks, has, serial, error);
		found = &disks->records[i];
	}
	if (!found)
		return 0;
	*ret = steal_pointer(*found);
	return 1;
}

static bool has_serial(const struct xml_disk *disk, const char *encoded)
{
	_cleanup_free_ char *serial = disk->serial ? malloc(4 * strlen(disk->serial) + 1) : NULL;

	if (!serial)
		return false;
	serial_encode(disk->serial, strlen(disk->serial), serial);
	return strcmp(serial, encoded) == 0;
}

/* A disk that the guest hides, and that has the serial by what the host knows. NULL: none. */
static const struct xml_disk *find_hidden(
	const struct domain_xml *xml, const struct guest_hidden *hidden, const char *serial)
{
	for (size_t i = 0; i < xml->n_disks; i++) {
		const struct xml_disk *disk = &xml->disks[i];

		if (domain_xml_manages(xml, disk) && has_serial(disk, serial) &&
			guest_hides(hidden, place_number(disk->target, disk->unit)))
			return disk;
	}
	return NULL;
}

/* RECORD is not what the serial names if it is the serial of one that the guest keeps out of sight.
 */
static int check_hidden(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct guest_hidden *hidden, const char *serial, const struct record *record,
	struct hotslot_error *error)
{
	const struct xml_disk *disk = find_hidden(xml, hidden, serial);

	if (!disk || place_number(disk->target, disk->unit) == record->place)
		return 0;
	return error_set(error, HOTSLOT_ERROR_MISMATCH,
		"The guest of domain %s says that the disk %s has the serial %s, which the host "
		"has "
		"given to the disk %s, and the guest hides that one; name it in another way",
		domain->name, place_locate(record->place).text, serial,
		place_locate(place_number(disk->target, disk->unit)).text);
}

static int no_serial(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct guest_hidden *hidden, const char *serial, struct hotslot_error *error)
{
	if (find_hidden(xml, hidden, serial))
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The disk with serial %s of domain %s is hidden: it is the system's own, "
			"or the guest cannot tell yet",
			serial, domain->name);
	return error_set(error, HOTSLOT_ERROR_NO_DISK, "No disk of domain %s has the serial %s",
		domain->name, serial);
}

static int find_by_serial(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *serial, uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	_cleanup_disks_ struct disks disks = {};
	int r = disks_read(domain, xml, deadline, &disks, error);

	if (r == 0)
		r = check_mismatch(domain, &disks, serial, error);
	if (r == 0)
		r = pick(domain, &disks, guest_has, serial, &record, error);
	if (r == 0)
		r = pick(domain, &disks, host_has, serial, &record, error);
	if (r == 0)
		r = no_serial(domain, xml, &disks.hidden, serial, error);
	if (r > 0)
		r = check_hidden(domain, xml, &disks.hidden, serial, record, error);
	if (r == 0)
		*ret = steal_pointer(record);
	return r;
}

int resolve_place(struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, uint64_t deadline, uint64_t *ret,
	struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r;

	if (reference->kind == REFERENCE_SLOT) {
		*ret = reference->slot;
		return 0;
	}
	if (reference->kind != REFERENCE_SERIAL)
		return place_by_alias(domain, xml, reference, ret, error);
	r = find_by_serial(domain, xml, reference->value, deadline, &record, error);
	if (r < 0)
		return r;
	*ret = record->place;
	return 0;
}

/* ---- the call ---- */

static int find_at(struct hotslot_domain *domain, const struct domain_xml *xml, uint64_t place,
	uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	const struct xml_disk *host = resolve_host(xml, place);
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(domain, place, true, deadline, &record, &hidden, error);

	if (r < 0)
		return r;
	/* What the guest alone says is there is none of this domain's disks. */
	if (!host)
		return resolve_empty(domain, xml, place, error);
	if (!record && guest_hides(&hidden, place))
		return hidden_disk(domain, &hidden, place, error);
	if (!record)
		record = record_new(place_target(place), place_lun(place));
	if (!record || record_add_host(record, host) < 0)
		return error_memory(error);
	*ret = steal_pointer(record);
	return 0;
}

static int find(struct hotslot_domain *domain, const struct reference *reference,
	struct record **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	uint64_t deadline = domain_deadline(domain), place;
	int r = session_open(domain, deadline, &xml, error);

	if (r < 0)
		return r;
	if (reference->kind == REFERENCE_SERIAL)
		return find_by_serial(domain, xml, reference->value, deadline, ret, error);
	r = resolve_place(domain, xml, reference, deadline, &place, error);
	return r < 0 ? r : find_at(domain, xml, place, deadline, ret, error);
}

static int check_partition(const struct hotslot_domain *domain, const struct record *record,
	unsigned partition, struct hotslot_error *error)
{
	for (size_t i = 0; i < record->disk.n_partitions; i++)
		if (record->disk.partitions[i].number == partition)
			return 0;
	return partition == 0 ? 0
			      : error_set(error, HOTSLOT_ERROR_NO_DISK,
					"The disk %s of domain %s has no partition %u",
					place_locate(record->place).text, domain->name, partition);
}

int hotslot_resolve(struct hotslot_domain *domain, const char *text, struct hotslot_disk **ret,
	unsigned *ret_partition, struct hotslot_error *error)
{
	_cleanup_reference_ struct reference reference = {};
	_cleanup_record_ struct record *record = NULL;
	struct hotslot_error ignored;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	r = reference_parse(text, &reference, error);
	if (r == 0)
		r = domain_begin(domain, 0, &call, error);
	if (r == 0)
		r = find(domain, &reference, &record, error);
	if (r == 0)
		r = check_partition(domain, record, reference.partition, error);
	if (r < 0)
		return r;
	if (ret_partition)
		*ret_partition = reference.partition;
	if (ret)
		*ret = &steal_pointer(record)->disk;
	return 0;
}
