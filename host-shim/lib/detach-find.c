/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disk of the running domain it is that is to be detached. */
#include "detach-work.h"
#include "error.h"
#include "places.h"

int detach_choose(struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r = resolve_allow(
		detach->domain, &detach->reference, disk, detach->options.foreign, error);

	if (r < 0)
		return r;
	if (xml_disk_copy(disk, &detach->disk) < 0)
		return error_memory(error);
	detach->resolved = true;
	return 0;
}

int detach_find(struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error)
{
	const struct xml_disk *disk;
	int r = resolve_place(detach->domain, xml, &detach->reference, detach_deadline(detach),
		&detach->place, error);

	if (r < 0)
		return r;
	disk = resolve_host(xml, detach->place);
	return disk ? detach_choose(detach, disk, error) : DETACH_ABSENT;
}

int detach_find_again(
	struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error)
{
	int r = resolve_still(detach->domain, xml, &detach->disk, error);

	if (r == RESOLVED_GONE)
		return error_set(error, HOTSLOT_ERROR_NO_DISK,
			"The disk %s of domain %s is gone: somebody else has detached it meanwhile",
			place_locate(detach->place).text, detach->domain->name);
	return r < 0 ? r : 0;
}
