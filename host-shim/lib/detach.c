/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detaching a disk: the guest lets go, the host unplugs, the guest says that it is gone. */
#include "error.h"
#include "guest.h"
#include "options.h"
#include "places.h"
#include "reserve.h"
#include "resolve.h"
#include "session.h"
#include "unplug.h"

/* Giving a disk back to the guest after the host could not detach it. */
#define TAKE_BACK_MS 5000

struct detach {
	struct hotslot_domain *domain;
	struct hotslot_detach_options options;
	struct reference reference;
	uint64_t place;
};

static uint64_t deadline_of(const struct detach *detach)
{
	return deadline_after(detach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
}

/* The guest hides the disks that its root stands on: those are not ours to take, by force or not.
 * What it does not show for another reason, somebody has deleted it there or it is broken, goes by
 * force. */
static int check_unseen(const struct detach *detach, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(
		detach->domain, detach->place, false, deadline_of(detach), &record, &hidden, error);

	if (r < 0 || (detach->options.force && !guest_hides(&hidden, detach->place)))
		return r;
	r = resolve_unseen(detach->domain, &hidden, detach->place, error);
	if (error->code == HOTSLOT_ERROR_NOT_CONFIRMED)
		error_append(error, ", so it cannot let go of it; --force detaches it");
	return r;
}

static int release(const struct detach *detach, struct hotslot_error *error)
{
	int r;

	error_step(error, "release");
	r = guest_release(detach->domain, detach->place,
		detach->options.force ? RELEASE_FORCE : RELEASE_ASK, deadline_of(detach), error);
	/* The guest may release it yet, as soon as it can. */
	if (r < 0 && error->code != HOTSLOT_ERROR_DISK_BUSY &&
		error->code != HOTSLOT_ERROR_NOT_RUNNING)
		guest_take_back_later(detach->domain, detach->place, now_ms() + TAKE_BACK_MS);
	return r > 0 ? check_unseen(detach, error) : r;
}

static int await_gone(const struct detach *detach, struct hotslot_error *error)
{
	int r;

	error_step(error, "gone");
	r = guest_release(
		detach->domain, detach->place, RELEASE_DETACHED, deadline_of(detach), error);
	if (r < 0 && error->code != HOTSLOT_ERROR_NOT_RUNNING)
		error_append(error, "; the host has detached the disk %s",
			place_locate(detach->place).text);
	return r < 0 ? r : 0;
}

static int detach_disk(
	const struct detach *detach, const struct xml_disk *disk, struct hotslot_error *error)
{
	int r;

	if (!disk->alias)
		return error_set(error, HOTSLOT_ERROR_LIBVIRT,
			"The disk %s has no alias to detach it by",
			place_locate(detach->place).text);
	r = release(detach, error);
	if (r < 0)
		return r;
	error_step(error, "detach");
	/* The guest had time, and so had others: the alias may be another disk's by now. */
	r = resolve_again(detach->domain, disk, error);
	if (r == RESOLVED_AGAIN)
		r = unplug(detach->domain, disk->alias, deadline_of(detach), error);
	if (r < 0) {
		struct hotslot_error other = {};

		if (error->code != HOTSLOT_ERROR_NOT_RUNNING &&
			guest_take_back(
				detach->domain, detach->place, now_ms() + TAKE_BACK_MS, &other) < 0)
			error_append(error, "; the guest does not use it again: %s", other.message);
		return r;
	}
	return await_gone(detach, error);
}

/* The host has no disk there, but the guest may not have noticed that the last one went, and the
 * slot may be reserved. */
static int free_place(
	const struct detach *detach, const struct domain_xml *xml, struct hotslot_error *error)
{
	bool reserved = place_is_slot(detach->place) && reserve_has(xml, (unsigned)detach->place);
	_cleanup_record_ struct record *record = NULL;
	struct guest_hidden hidden;
	int r = guest_disk_at(
		detach->domain, detach->place, false, deadline_of(detach), &record, &hidden, error);

	if (r < 0)
		return r;
	if (!record && !reserved)
		return resolve_empty(detach->domain, xml, detach->place, error);
	if (record)
		r = await_gone(detach, error);
	if (r == 0 && reserved)
		r = reserve_remove(detach->domain, (unsigned)detach->place, error);
	return r;
}

static int run(struct detach *detach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct xml_disk *disk;
	int r;

	r = session_open(detach->domain, deadline_of(detach), &xml, error);
	if (r == 0)
		r = resolve_place(detach->domain, xml, &detach->reference, deadline_of(detach),
			&detach->place, error);
	if (r < 0)
		return r;
	disk = resolve_host(xml, detach->place);
	if (!disk)
		return free_place(detach, xml, error);
	r = resolve_allow(detach->domain, &detach->reference, disk, detach->options.foreign, error);
	return r < 0 ? r : detach_disk(detach, disk, error);
}

int hotslot_detach(struct hotslot_domain *domain, const char *disk,
	const struct hotslot_detach_options *options, struct hotslot_error *error)
{
	struct detach detach = { .domain = domain };
	struct hotslot_error ignored;
	_domain_call_(domain);
	int r;

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&detach.options, sizeof(detach.options), options);
	error_step(error, "check");
	r = reference_parse_disk(disk, &detach.reference, error);
	if (r == 0)
		r = run(&detach, error);
	reference_done(&detach.reference);
	return r;
}
