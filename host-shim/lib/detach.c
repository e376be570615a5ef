/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detaching a disk: the guest lets go, the host unplugs, the guest says that it is gone. */
#include "error.h"
#include "guest.h"
#include "options.h"
#include "session.h"
#include "slot.h"
#include "unplug.h"

/* Giving a disk back to the guest after the host could not detach it. */
#define TAKE_BACK_MS 5000

struct detach {
	struct hotslot_domain *domain;
	unsigned slot;
	struct hotslot_detach_options options;
};

static uint64_t deadline_of(const struct detach *detach)
{
	return deadline_after(detach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
}

/* The guest hides the disks that its root stands on: what it does not show is not ours to take,
 * by force or not. */
static int release(const struct detach *detach, struct hotslot_error *error)
{
	int r;

	error_step(error, "release");
	r = guest_release(detach->domain, detach->slot,
		detach->options.force ? RELEASE_FORCE : RELEASE_ASK, deadline_of(detach), error);
	/* The guest may release it yet, as soon as it can. */
	if (r < 0 && error->code != HOTSLOT_ERROR_DISK_BUSY &&
		error->code != HOTSLOT_ERROR_NOT_RUNNING)
		guest_take_back_later(detach->domain, detach->slot, now_ms() + TAKE_BACK_MS);
	if (r <= 0)
		return r;
	return error_set(error, HOTSLOT_ERROR_PROTECTED,
		"The guest of domain %s does not show the disk in slot %u: it is the system's own, "
		"or the guest has not seen it",
		detach->domain->name, detach->slot);
}

static int await_gone(const struct detach *detach, struct hotslot_error *error)
{
	int r;

	error_step(error, "gone");
	r = guest_release(
		detach->domain, detach->slot, RELEASE_DETACHED, deadline_of(detach), error);
	if (r < 0 && error->code != HOTSLOT_ERROR_NOT_RUNNING)
		error_append(error, "; the host has detached the disk in slot %u", detach->slot);
	return r < 0 ? r : 0;
}

static int detach_disk(
	const struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r;

	if (!disk->alias)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"The disk in slot %u has no alias to detach it by", detach->slot);
	r = release(detach, error);
	if (r < 0)
		return r;
	error_step(error, "detach");
	r = unplug(detach->domain, disk->alias, deadline_of(detach), error);
	if (r < 0) {
		struct hotslot_error other = {};

		if (error->code != HOTSLOT_ERROR_NOT_RUNNING &&
			guest_take_back(
				detach->domain, detach->slot, now_ms() + TAKE_BACK_MS, &other) < 0)
			error_append(error, "; the guest does not use it again: %s", other.message);
		return r;
	}
	return await_gone(detach, error);
}

/* The host has no disk there, but the guest may not have noticed that the last one went. */
static int detach_remains(const struct detach *detach, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	int r = guest_disk_in_slot(
		detach->domain, detach->slot, deadline_of(detach), &record, error);

	if (r < 0)
		return r;
	if (record)
		return await_gone(detach, error);
	return error_set(error, HOTSLOT_ERROR_SLOT_EMPTY, "No disk is in slot %u of domain %s",
		detach->slot, detach->domain->name);
}

static int run(const struct detach *detach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct xml_disk *disk;
	int r;

	r = session_open(detach->domain, deadline_of(detach), &xml, error);
	if (r < 0)
		return r;
	disk = domain_xml_disk_at(xml, slot_target(detach->slot), slot_lun(detach->slot));
	return disk ? detach_disk(detach, disk, error) : detach_remains(detach, error);
}

int hotslot_detach(struct hotslot_domain *domain, int slot,
	const struct hotslot_detach_options *options, struct hotslot_error *error)
{
	struct detach detach = { .domain = domain, .slot = (unsigned)slot };
	struct hotslot_error ignored;
	_domain_call_(domain);

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&detach.options, sizeof(detach.options), options);
	error_step(error, "check");
	if (slot < 0 || slot > SLOT_MAX)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"Slot %d is out of range: slots are 0 to %d", slot, SLOT_MAX);
	return run(&detach, error);
}
