/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking back an attach that has failed. */
#include "attach-work.h"
#include "ended.h"
#include "error.h"
#include "guest.h"
#include "slot.h"
#include "unplug.h"

/* Taking back what did not work: the guest is asked, but not for long, as it may be the reason. */
#define ROLLBACK_GUEST_MS 1000
#define ROLLBACK_HOST_MS 30000

/* Finds what we have attached. If libvirt refused it, somebody else may have been there first, and
 * what is in the slot is theirs: then alias and serial (of a LUN, the source) must be ours. If not,
 * either will do, as libvirt drops what it does not like. */
static const struct xml_disk *find_own(
	const struct attach *attach, bool attached, const struct domain_xml *xml)
{
	const struct drive *drive = &attach->drive;
	const struct xml_disk *disk =
		domain_xml_disk_at(xml, slot_target(drive->slot), slot_lun(drive->slot));
	bool alias, serial;

	if (!disk || !disk->alias)
		return NULL;
	alias = is_same(disk->alias, drive->alias);
	serial = drive->passthrough ? is_same(disk->source, drive->image.path)
				    : is_same(disk->serial, drive->serial);
	return (alias && serial) || (attached && (alias || serial)) ? disk : NULL;
}

static void take_back(
	const struct attach *attach, const struct xml_disk *disk, struct hotslot_error *error)
{
	struct hotslot_domain *domain = attach->domain;
	struct hotslot_error ignored = {}, other = {};
	unsigned slot = attach->drive.slot;
	uint64_t start = now_ms();

	(void)guest_release(domain, slot, RELEASE_FORCE, start + ROLLBACK_GUEST_MS, &ignored);
	if (unplug(domain, disk, start + ROLLBACK_HOST_MS, &other) < 0) {
		error_append(error, "; the disk is still in slot %u as %s: %s", slot, disk->alias,
			other.message);
		return;
	}
	ignored = (struct hotslot_error){};
	(void)guest_release(domain, slot, RELEASE_DETACHED, now_ms() + ROLLBACK_GUEST_MS, &ignored);
	error_append(error, "; rolled back, the domain is as it was");
}

void attach_roll_back(struct attach *attach, bool attached, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error other = {};
	const struct xml_disk *disk;

	/* There it is as it was here: nothing of that is ours to take back. */
	if (attached && ended_by_leaving(attach->domain))
		error_append(error,
			"; the disk in slot %u went with it as %s, and the guest has not confirmed "
			"it: see 'hotslot list' there",
			attach->drive.slot, attach->drive.alias);
	if (error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return;
	attach->domain->until = now_ms() + ROLLBACK_HOST_MS;
	if (domain_read(attach->domain, &xml, &other) < 0) {
		if (other.code == HOTSLOT_ERROR_NOT_RUNNING)
			error->code = other.code;
		else
			error_append(error, "; whether the disk is in slot %u cannot be told: %s",
				attach->drive.slot, other.message);
		return;
	}
	disk = find_own(attach, attached, xml);
	if (disk)
		take_back(attach, disk, error);
	else if (attached)
		error_append(error, "; the domain shows no disk of ours in slot %u to take back",
			attach->drive.slot);
	else
		attach->came = false;
}
