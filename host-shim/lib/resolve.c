/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a reference to the disk that it names. */
#include "resolve.h"

#include <string.h>

#include "by-serial.h"
#include "config.h"
#include "error.h"
#include "known.h"
#include "list-config.h"
#include "options.h"
#include "places.h"
#include "reserve.h"
#include "session.h"
#include "volume.h"

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
	int r = known_read(domain, &xml, error);

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

static int place_of(const struct hotslot_domain *domain, const struct xml_disk *disk, uint64_t *ret,
	struct hotslot_error *error)
{
	if (disk->target == SLOT_SYSTEM_TARGET)
		return error_set(error, HOTSLOT_ERROR_PROTECTED,
			"The disk %s of domain %s is the system's own", disk->alias ?: "",
			domain->name);
	*ret = place_number(disk->target, disk->unit);
	return 0;
}

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
	return place_of(domain, disk, ret, error);
}

static int place_by_serial(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *serial, uint64_t deadline, uint64_t *ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r = by_serial_find(domain, xml, serial, deadline, &record, error);

	if (r == 0)
		*ret = record->place;
	return r;
}

/* ---- by the name of its volume ---- */

static int no_volume(
	const struct hotslot_domain *domain, const char *volume, struct hotslot_error *error)
{
	return error_set(error, HOTSLOT_ERROR_NO_DISK,
		"No disk of domain %s is the volume %s: none has the alias " ALIAS_PREFIX
		"%s or ua-%s, or the serial %s",
		domain->name, volume, volume, volume, volume);
}

/* An alias is nobody else's, so a serial is not looked for. */
static int place_of_aliased(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct xml_disk *disk, uint64_t *ret, struct hotslot_error *error)
{
	if (domain_xml_manages(xml, disk))
		return place_of(domain, disk, ret, error);
	return error_set(error, HOTSLOT_ERROR_NO_DISK,
		"The disk %s of domain %s is not on the managed controller", disk->alias,
		domain->name);
}

static int place_by_address(const struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *volume, uint64_t *ret, struct hotslot_error *error)
{
	const struct xml_disk *disk;

	if (volume_find_address(xml, volume, &disk) == VOLUME_NONE)
		return no_volume(domain, volume, error);
	return place_of(domain, disk, ret, error);
}

/* In the order of volume_find(), but the guest is asked for the serial: it knows that of a LUN. */
static int place_by_volume(struct hotslot_domain *domain, const struct domain_xml *xml,
	const char *volume, uint64_t deadline, uint64_t *ret, struct hotslot_error *error)
{
	const struct hotslot_error before = *error;
	_cleanup_free_ char *serial = NULL;
	const struct xml_disk *disk;
	int r = volume_find_alias(xml, volume, &disk);

	if (r < 0)
		return error_memory(error);
	if (r == VOLUME_BY_ALIAS)
		return place_of_aliased(domain, xml, disk, ret, error);
	if (reference_encode_serial(volume, &serial) < 0)
		return error_memory(error);
	r = place_by_serial(domain, xml, serial, deadline, ret, error);
	if (r == 0 || error->code != HOTSLOT_ERROR_NO_DISK)
		return r;
	*error = before;
	return place_by_address(domain, xml, volume, ret, error);
}

int resolve_place(struct hotslot_domain *domain, const struct domain_xml *xml,
	const struct reference *reference, uint64_t deadline, uint64_t *ret,
	struct hotslot_error *error)
{
	switch (reference->kind) {
	case REFERENCE_SLOT:
		*ret = reference->slot;
		return 0;
	case REFERENCE_SERIAL:
		return place_by_serial(domain, xml, reference->value, deadline, ret, error);
	case REFERENCE_VOLUME:
		return place_by_volume(domain, xml, reference->value, deadline, ret, error);
	default:
		return place_by_alias(domain, xml, reference, ret, error);
	}
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
		r = by_serial_find(domain, xml, reference->value, deadline, ret, error);
	else
		r = resolve_place(domain, xml, reference, deadline, &place, error);
	if (r == 0 && reference->kind != REFERENCE_SERIAL)
		r = find_at(domain, xml, place, deadline, ret, error);
	if (r == 0)
		list_config_mark(domain, xml, ret, 1);
	return r;
}

/* Of a domain that is shut off, there is the definition. */
static int find_either(struct hotslot_domain *domain, const struct reference *reference,
	struct record **ret, struct hotslot_error *error)
{
	int r = config_is_running(domain, error);

	if (r < 0)
		return r;
	return (r > 0 ? find : list_config_resolve)(domain, reference, ret, error);
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
		r = find_either(domain, &reference, &record, error);
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
