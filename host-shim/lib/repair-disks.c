/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host and guest have the same disks in use, and know it: those that they do not agree on. */
#include <string.h>

#include "encode.h"
#include "error.h"
#include "guest.h"
#include "leaked.h"
#include "places.h"
#include "repair-work.h"
#include "unplug.h"

/* QEMU's sectors: what is left of an image behind the last one, libvirt counts and guests do not.
 */
#define SECTOR_SIZE 512

/* Giving a disk back to the guest. */
#define TAKE_BACK_MS 5000

/* A guest has this long for a disk that its kernel may have lost, or for all of those. */
#define SEEK_MS 1000
#define SEEK_ALL_MS 10000

/* For all disks together, now_ms(): until when QEMU's word is waited for, and disks are sought. */
struct limits {
	uint64_t heard_by, sought_by;
};

/* In the order of places. */
struct inventory {
	struct record **records;
	size_t count;
	struct guest_hidden hidden;
};

static void inventory_done(struct inventory *inventory)
{
	records_free(inventory->records, inventory->count);
}

/* A disk that somebody is attaching is in the guest before it is in the XML, and one that is being
 * detached goes in the other order. A call that needs a job waits for both. */
static int read_settled(struct repair *repair, struct hotslot_error *error)
{
	virDomainMemoryStatStruct unused[1];
	struct domain_xml *xml;
	int r;

	(void)virDomainMemoryStats(repair->domain->domain, unused, 1, 0);
	r = domain_read_checked(repair->domain, &xml, error);
	if (r < 0)
		return r;
	domain_xml_free(*repair->xml);
	*repair->xml = xml;
	return 0;
}

static int slot_of(uint64_t place)
{
	return place_is_slot(place) ? (int)place : -1;
}

struct where {
	char text[sizeof(struct place_text) + 1];
};

/* The slot says where a disk is, if it has one. */
static struct where locate_unslotted(uint64_t place)
{
	struct where where = { "" };

	if (!place_is_slot(place))
		snprintf(where.text, sizeof(where.text), " %s", place_locate(place).text);
	return where;
}

static const struct xml_disk *host_disk(const struct repair *repair, uint64_t place)
{
	return domain_xml_disk_at(*repair->xml, place_target(place), place_lun(place));
}

static int still_shows(struct repair *repair, uint64_t place, const struct leaked *leaked,
	const struct hotslot_error *unasked, struct hotslot_error *error)
{
	if (error->code == HOTSLOT_ERROR_NONE)
		error_set(error, HOTSLOT_ERROR_AGENT, "The agent contradicts itself");
	leaked_explain(repair->domain, place, leaked, unasked, error);
	return repair_failed(repair, error);
}

/* LEAKED: others' disk that QEMU has there, if it has. UNASKED: why it could not be asked, if it
 * could not. */
static int await_gone(struct repair *repair, uint64_t place, uint64_t deadline,
	const struct leaked *leaked, const struct hotslot_error *unasked,
	struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_release(repair->domain, place, RELEASE_DETACHED, deadline, error);

	if (r >= 0)
		r = guest_disk_at(
			repair->domain, place, false, repair->deadline, &record, &hidden, error);
	/* A guest that shows what there is not is not worth a word to whoever wants something else.
	 */
	if (r == 0 && record && !repair->whole)
		return 0;
	if (r < 0 || record)
		return still_shows(repair, place, leaked, unasked, error);
	repair_tell(repair, slot_of(place),
		"the guest has seen that the disk%s is gone: a detach was broken off",
		locate_unslotted(place).text);
	return 0;
}

struct releasing {
	struct repair *repair;
	uint64_t place;
};

/* Nobody has asked for a detach: a disk that is in use stays. */
static int release(const void *data, struct hotslot_error *error)
{
	const struct releasing *releasing = data;

	struct repair *repair = releasing->repair;
	int r = guest_release(
		repair->domain, releasing->place, RELEASE_ASK, repair->deadline, error);

	if (r < 0 && error->code != HOTSLOT_ERROR_DISK_BUSY)
		guest_take_back_later(repair->domain, releasing->place, now_ms() + TAKE_BACK_MS);
	return r;
}

static int remove_leaked(
	struct repair *repair, const struct leaked *leaked, struct hotslot_error *error)
{
	const struct releasing releasing = { repair, leaked->place };
	struct hotslot_domain *domain = repair->domain;
	int r = leaked_remove(domain, leaked, release, &releasing, "detach it by its place, or ",
		repair->deadline, error);

	if (r == 0)
		r = guest_release(domain, leaked->place, RELEASE_DETACHED, repair->deadline, error);
	if (r < 0)
		return repair_failed(repair, error);
	repair_tell(repair, slot_of(leaked->place),
		"QEMU has let go of the disk%s, which libvirt had lost: an attach was broken off",
		locate_unslotted(leaked->place).text);
	return 0;
}

/* The domain has none there: the guest has not noticed, or libvirt. */
static int repair_shown(struct repair *repair, uint64_t place, struct hotslot_error *error)
{
	_cleanup_leaked_ struct leaked leaked = {};
	struct hotslot_error unasked = {};
	uint64_t until;
	int r = leaked_find(repair->domain, place, &leaked, &unasked);

	if (r == LEAKED_OURS)
		return remove_leaked(repair, &leaked, error);
	until = leaked_await_until(r, repair->whole, repair->deadline);
	return await_gone(repair, place, until, &leaked, &unasked, error);
}

/* What broke the detach off may have come after the unplug: a disk that is about to go must not be
 * used again. */
static int take_back(struct repair *repair, uint64_t place, const struct xml_disk *host,
	struct hotslot_error *error)
{
	const struct hotslot_error asked = {};
	const struct leaked none = {};
	int r = host->alias ? unplug_await(repair->domain, host, repair->deadline, error) : 0;

	if (r > 0)
		return await_gone(repair, place, repair->deadline, &none, &asked, error);
	if (r == 0)
		r = guest_take_back(repair->domain, place, repair->deadline, error);
	if (r < 0)
		return repair_failed(repair, error);
	repair_tell(repair, slot_of(place),
		"the guest uses the disk%s again: a detach was broken off",
		locate_unslotted(place).text);
	return 0;
}

static int check_size(struct repair *repair, const struct record *record,
	const struct xml_disk *host, struct hotslot_error *error)
{
	_cleanup_record_ struct record *resized = NULL;
	virDomainBlockInfo info;
	uint64_t size;
	int r;

	/* Of what is passed through, the guest knows best. */
	if (host->passthrough || !host->target_dev ||
		virDomainGetBlockInfo(repair->domain->domain, host->target_dev, &info, 0) < 0)
		return 0;
	size = info.capacity - info.capacity % SECTOR_SIZE;
	if (size == 0 || size == record->disk.size || info.capacity == record->disk.size)
		return 0;
	r = guest_resize(repair->domain, record, size, repair->deadline, &resized, error);
	if (r < 0)
		return repair_failed(repair, error);
	repair_tell(repair, slot_of(record->place),
		"the guest has seen that the disk%s has %llu bytes, not %llu: a resize was broken "
		"off",
		locate_unslotted(record->place).text, (unsigned long long)size,
		(unsigned long long)record->disk.size);
	return 0;
}

/* One that the guest shows. */
static int repair_disk(struct repair *repair, const struct record *record,
	const struct guest_hidden *hidden, struct hotslot_error *error)
{
	const struct xml_disk *host = host_disk(repair, record->place);
	bool released = strcmp(record->disk.state, "present") != 0;
	int r = 0;

	if (guest_hides(hidden, record->place) || record->disk.target == SLOT_SYSTEM_TARGET)
		return 0;
	if (!host)
		return repair_shown(repair, record->place, error);
	if (released)
		return take_back(repair, record->place, host, error);
	if (repair->whole)
		r = check_size(repair, record, host, error);
	return r;
}

static int confirm_by(struct repair *repair, const struct xml_disk *disk, uint64_t deadline,
	struct hotslot_error *error)
{
	char serial[4 * SERIAL_MAX + 1] = "";
	struct expectation expected = {
		.slot = slot_from_place(disk->target, disk->unit),
		.read_only = disk->read_only,
	};
	_cleanup_record_ struct record *record = NULL;

	if (disk->serial && strlen(disk->serial) <= SERIAL_MAX) {
		serial_encode(disk->serial, strlen(disk->serial), serial);
		expected.serial = serial;
	}
	return guest_expect(repair->domain, &expected, deadline, &record, error);
}

static int confirm(struct repair *repair, const struct xml_disk *disk, struct hotslot_error *error)
{
	return confirm_by(repair, disk, repair->deadline, error);
}

int repair_confirm(struct repair *repair, struct hotslot_error *error)
{
	const struct domain_xml *xml = *repair->xml;
	int r = 0;

	for (size_t i = 0; i < xml->n_disks && r == 0; i++)
		if (repair_is_ours(xml, &xml->disks[i]))
			r = confirm(repair, &xml->disks[i], error);
	return r;
}

static bool shows(const struct inventory *guest, const struct xml_disk *disk)
{
	for (size_t i = 0; i < guest->count; i++)
		if (guest->records[i]->place == place_number(disk->target, disk->unit))
			return true;
	return false;
}

/* A disk that the guest does not show may be one that QEMU has let go of just now: libvirt, too, is
 * to know it by HEARD_BY, now_ms(). */
static int confirm_or_await(struct repair *repair, const struct inventory *guest,
	const struct xml_disk *disk, uint64_t heard_by, struct hotslot_error *error)
{
	int r;

	/* Or that goes while it is asked for. */
	if (shows(guest, disk)) {
		r = confirm_by(repair, disk, earlier(now_ms() + SEEK_MS, repair->deadline), error);
		if (r == 0 || error->code != HOTSLOT_ERROR_NOT_CONFIRMED)
			return r;
		error_begin(error, NULL);
	}
	r = unplug_check(repair->domain, disk, heard_by, error);
	if (r > 0)
		return confirm(repair, disk, error);
	if (r == 0)
		repair_tell(repair, (int)slot_from_place(disk->target, disk->unit),
			"the disk is gone: a detach was broken off");
	return r;
}

/* The guest's kernel may have lost a disk of others: it looks for it once. If it has not, list and
 * doctor say that it is not visible. */
static int seek(struct repair *repair, const struct inventory *guest, const struct xml_disk *disk,
	uint64_t deadline, struct hotslot_error *error)
{
	int slot = (int)slot_from_place(disk->target, disk->unit);
	int r;

	if (shows(guest, disk) || now_ms() >= deadline)
		return 0;
	r = confirm_by(repair, disk, earlier(now_ms() + SEEK_MS, deadline), error);
	if (r == 0)
		repair_tell(repair, slot, "the guest had lost the disk, and has found it");
	else if (error->code == HOTSLOT_ERROR_NOT_CONFIRMED ||
		 error->code == HOTSLOT_ERROR_MISMATCH)
		r = 0;
	if (r == 0)
		error_begin(error, NULL);
	return r;
}

static int confirm_one(struct repair *repair, const struct inventory *guest,
	const struct xml_disk *disk, const struct limits *limits, struct hotslot_error *error)
{
	if (repair_is_ours(*repair->xml, disk))
		return confirm_or_await(repair, guest, disk, limits->heard_by, error);
	if (domain_xml_manages(*repair->xml, disk) && slot_exists(disk->target, disk->unit))
		return seek(repair, guest, disk, limits->sought_by, error);
	return 0;
}

/* Of a disk of ours the guest says that it has it; the repair goes on past one that it has not. */
static int confirm_each(
	struct repair *repair, const struct inventory *guest, struct hotslot_error *error)
{
	const struct domain_xml *xml = *repair->xml;
	const struct limits limits = {
		.heard_by = earlier(now_ms() + UNPLUG_HEARD_MS, repair->deadline),
		.sought_by = earlier(now_ms() + SEEK_ALL_MS, repair->deadline),
	};

	for (size_t i = 0; i < xml->n_disks && !repair_is_over(repair); i++) {
		const struct xml_disk *disk = &xml->disks[i];
		int r;

		if (guest_hides(&guest->hidden, place_number(disk->target, disk->unit)))
			continue;
		r = confirm_one(repair, guest, disk, &limits, error);
		if (r < 0)
			r = repair_failed(repair, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_inventory(
	struct repair *repair, struct inventory *guest, struct hotslot_error *error)
{
	size_t max = (*repair->xml)->n_disks + REPAIR_BEGUN_MAX;

	return repair->whole ? guest_disks(repair->domain, repair->deadline, &guest->records,
				       &guest->count, &guest->hidden, error)
			     : guest_disks_up_to(repair->domain, max, repair->deadline,
				       &guest->records, &guest->count, &guest->hidden, error);
}

int repair_disks(struct repair *repair, struct hotslot_error *error)
{
	_cleanup_(inventory_done) struct inventory guest = {};
	int r = read_inventory(repair, &guest, error);

	/* Whoever wants something else of the guest meets this himself. */
	if (r < 0 && !repair->whole && error->code == HOTSLOT_ERROR_AGENT)
		*error = (struct hotslot_error){};
	if (r < 0)
		return error->code == HOTSLOT_ERROR_NONE ? 0 : repair_failed(repair, error);
	r = read_settled(repair, error);
	for (size_t i = 0; i < guest.count && r == 0 && !repair_is_over(repair); i++)
		r = repair_disk(repair, guest.records[i], &guest.hidden, error);
	if (r == 0 && repair->whole)
		r = confirm_each(repair, &guest, error);
	return r;
}
