/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a serial to its disk: the guest knows, and for disks that it does not show, the host. */
#include "by-serial.h"

#include <string.h>

#include "encode.h"
#include "error.h"
#include "places.h"

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

/* Of two the one may be a LUN that the guest says has it, the other one that the host has given it
 * and that the guest does not show. */
static bool has(const struct record *record, const char *serial)
{
	return guest_has(record, serial) || host_has(record, serial);
}

static int ambiguous(const struct hotslot_domain *domain, const struct disks *disks,
	const char *serial, struct hotslot_error *error)
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

		if (record->disk.mismatch && has(record, serial))
			return error_set(error, HOTSLOT_ERROR_MISMATCH,
				"Host and guest of domain %s see different disks %s: the guest "
				"reads serial %s, the host has given %s; name it in another way",
				domain->name, place_locate(record->place).text,
				record->disk.serial ?: "none", record->host_serial ?: "none");
	}
	return 0;
}

int by_serial_pick(const struct hotslot_domain *domain, struct disks *disks, const char *serial,
	struct record **ret, struct hotslot_error *error)
{
	int r = check_mismatch(domain, disks, serial, error);
	struct record **found = NULL;

	for (size_t i = 0; i < disks->count && r == 0; i++) {
		if (!has(disks->records[i], serial))
			continue;
		if (found)
			return ambiguous(domain, disks, serial, error);
		found = &disks->records[i];
	}
	if (!found)
		return r;
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

int by_serial_find(struct hotslot_domain *domain, const struct domain_xml *xml, const char *serial,
	uint64_t deadline, struct record **ret, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	_cleanup_disks_ struct disks disks = {};
	int r = disks_read(domain, xml, deadline, &disks, error);

	if (r == 0)
		r = by_serial_pick(domain, &disks, serial, &record, error);
	if (r == 0)
		r = no_serial(domain, xml, &disks.hidden, serial, error);
	if (r > 0)
		r = check_hidden(domain, xml, &disks.hidden, serial, record, error);
	if (r == 0)
		*ret = steal_pointer(record);
	return r;
}
