/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where host and guest differ in a domain's disks. */
#include <string.h>

#include "disks.h"
#include "domain-ask.h"
#include "status-work.h"

/* QEMU's sectors: what is left of an image behind the last one, libvirt counts and guests do not.
 */
#define SECTOR_SIZE 512

/* The agent has answered, so QEMU runs: this takes no time. 0: not known. */
static uint64_t host_size(struct hotslot_domain *domain, const struct hotslot_disk *disk)
{
	virDomainBlockInfo info;

	if (disk->passthrough || !disk->target_dev ||
		domain_get_block_info(domain, disk->target_dev, &info) < 0)
		return 0;
	return info.capacity == disk->size ? info.capacity
					   : info.capacity - info.capacity % SECTOR_SIZE;
}

static const char *name_of(const struct hotslot_disk *disk)
{
	return disk->source ?: disk->alias ?: disk->name ?: "a disk";
}

static void compare_visible(struct status *status, struct hotslot_domain *domain,
	const struct hotslot_disk *disk, uint64_t deadline)
{
	uint64_t size = now_ms() < deadline ? host_size(domain, disk) : 0;

	if (strcmp(disk->state, "present") != 0)
		status_add(status, HOTSLOT_DRIFT_RELEASED, disk->slot,
			"The guest has let go of %s, which is still attached", name_of(disk));
	if (disk->mismatch)
		status_add(status, HOTSLOT_DRIFT_GUEST_SERIAL, disk->slot,
			"The guest reads another serial of %s than the host has given it: %s",
			name_of(disk), disk->serial ?: "none");
	if (size > 0 && size != disk->size)
		status_add(status, HOTSLOT_DRIFT_GUEST_SIZE, disk->slot,
			"%s has %llu bytes, and the guest sees %llu", name_of(disk),
			(unsigned long long)size, (unsigned long long)disk->size);
	if (!disk->passthrough && disk->read_only != disk->host_read_only)
		status_add(status, HOTSLOT_DRIFT_GUEST_READ_ONLY, disk->slot,
			"%s is %s on the host, and %s in the guest", name_of(disk),
			disk->host_read_only ? "read-only" : "writable",
			disk->read_only ? "read-only" : "writable");
}

int status_compare_guest(struct status *status, struct hotslot_domain *domain,
	const struct domain_xml *xml, uint64_t deadline, struct hotslot_error *error)
{
	_cleanup_disks_ struct disks disks = {};
	int r = disks_read(domain, xml, deadline, &disks, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < disks.count; i++) {
		const struct hotslot_disk *disk = &disks.records[i]->disk;

		if (!disk->attached)
			status_add(status, HOTSLOT_DRIFT_GUEST_ONLY, disk->slot,
				"The guest shows %s, serial %s, which the domain does not have",
				disk->name, disk->serial ?: "none");
		else if (!disk->visible)
			status_add(status, HOTSLOT_DRIFT_NOT_VISIBLE, disk->slot,
				"The guest does not show %s", name_of(disk));
		else
			compare_visible(status, domain, disk, deadline);
	}
	return 0;
}
