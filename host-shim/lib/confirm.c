/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Having the guest confirm a disk that it was given. */
#include "confirm.h"

#include <string.h>

#include "error.h"
#include "guest.h"
#include "session.h"

/* Only libvirt knows the size of some formats and of images on other hosts. */
static int find_size(struct hotslot_domain *domain, const struct drive *drive, uint64_t *ret,
	struct hotslot_error *error)
{
	virDomainBlockInfo info;
	int r;

	if (drive->image.size > 0) {
		*ret = drive->image.size;
		return 0;
	}
	do
		r = virDomainGetBlockInfo(domain->domain, drive->target_dev, &info, 0);
	while (r < 0 && domain_reopened(domain));
	if (r == 0) {
		*ret = info.capacity;
		return 0;
	}
	/* Of a LUN that is passed through or on the network it need not know: then any will do. */
	if (!drive->passthrough && !drive->image.network)
		return error_libvirt(error, "Cannot get the size of %s", drive->image.path);
	*ret = 0;
	return 0;
}

/* SERIAL has room for the encoded serial, and lives as long as what is returned. */
static struct expectation expectation_of(
	const struct drive *drive, char serial[4 * SERIAL_OWN_MAX + 1])
{
	serial_encode(drive->serial, strlen(drive->serial), serial);
	return (struct expectation){
		.slot = drive->slot,
		.serial = drive->passthrough ? NULL : serial,
		.size = drive->image.size,
		.read_only = drive->image.read_only,
	};
}

void confirm_announce(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline)
{
	char serial[4 * SERIAL_OWN_MAX + 1];
	struct expectation expected = expectation_of(drive, serial);

	/* A size that only libvirt knows is not known yet. */
	if (expected.size > 0)
		guest_expect_early(domain, &expected, deadline);
}

void confirm_no_more(struct hotslot_domain *domain, const struct drive *drive)
{
	char serial[4 * SERIAL_OWN_MAX + 1];
	struct expectation expected = expectation_of(drive, serial);

	guest_expect_no_more(domain, &expected);
}

/* A name that two disks would have is a name of neither. */
static int check_conflict(struct hotslot_domain *domain, const struct drive *drive,
	const struct hotslot_disk *disk, struct hotslot_error *error)
{
	if (!disk->conflict)
		return 0;
	if (drive->strict)
		return error_set(error, HOTSLOT_ERROR_SERIAL_TAKEN,
			"Another disk in the guest of domain %s has the serial %s", domain->name,
			disk->serial ?: "?");
	connection_notice(domain->hotslot,
		"The disk in slot %u has no by-serial link: another disk in the guest of domain %s "
		"has the serial %s",
		drive->slot, domain->name, disk->serial ?: "?");
	return 0;
}

int confirm_drive(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct record **ret, struct hotslot_error *error)
{
	char serial[4 * SERIAL_OWN_MAX + 1];
	struct expectation expected = expectation_of(drive, serial);
	_cleanup_record_ struct record *record = NULL;
	int r = find_size(domain, drive, &expected.size, error);

	if (r == 0)
		r = guest_expect(domain, &expected, deadline, &record, error);
	if (r == 0)
		r = check_conflict(domain, drive, &record->disk, error);
	if (r == 0)
		*ret = steal_pointer(record);
	return r;
}
