/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaching a disk: check, reserve, attach, verify, confirm; or all of it back. */
#include "attach-work.h"
#include "config.h"
#include "confirm.h"
#include "error.h"
#include "guest.h"
#include "image-user.h"
#include "isolate.h"
#include "job.h"
#include "obstacle.h"
#include "options.h"
#include "reserve.h"
#include "slot.h"

/* Choosing anew when somebody who takes no turns, another user or virsh, was faster: often enough
 * for a burst of theirs, or for the chain of backing files that a broken-off attach has left. */
#define CHOICES_MAX 64

/* A slot is free when the guest shows no disk there, either: the last one may not be gone. */
static int reserve(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	unsigned first = attach->first;

	for (;;) {
		_cleanup_record_ struct record *record = NULL;
		int r = drive_reserve(&attach->drive, &attach->options, attach->xml, first, error);

		if (r == 0)
			r = guest_disk_in_slot(
				attach->domain, attach->drive.slot, deadline, &record, error);
		if (r < 0 || !record)
			return r;
		if (attach->options.slot >= 0)
			return error_set(error, HOTSLOT_ERROR_SLOT_TAKEN,
				"The guest still shows a disk in slot %u, %s; detach it first",
				attach->drive.slot, record->disk.name);
		first = attach->drive.slot + 1;
	}
}

static int confirm(struct attach *attach, struct hotslot_error *error)
{
	const struct drive *drive = &attach->drive;
	int r = confirm_drive(attach->domain, drive, attach->confirm_by, &attach->record, error);

	if (r < 0)
		return r;
	if (attach->definition)
		attach->record->disk.persistence = HOTSLOT_PERSISTENCE_YES;
	r = record_add_host(attach->record,
		domain_xml_disk_at(attach->after, slot_target(drive->slot), slot_lun(drive->slot)));
	return r < 0 ? error_memory(error) : 0;
}

static int fill(struct attach *attach, struct hotslot_error *error)
{
	unsigned slot = attach->drive.slot;
	int r = 0;

	error_step(error, "fill");
	if (reserve_has(attach->after, slot))
		r = reserve_fill(attach->domain, slot, HOTSLOT_SCOPE_LIVE, error);
	if (r == 0 && attach->definition && reserve_has(attach->definition, slot))
		r = reserve_fill(attach->domain, slot, HOTSLOT_SCOPE_CONFIG, error);
	return r;
}

static void take_back(struct attach *attach, bool attached, struct hotslot_error *error)
{
	attach_roll_back(attach, attached, error);
	attach_undefine(attach, error);
}

/* From the attach on, a failure has something to take back. */
static int attach_and_verify(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	bool have_attached = false;
	int r;

	/* Before the disk: whoever is killed in between has the domain know of a label too many. */
	r = isolate_record(
		attach->domain, attach->xml, attach->options.label, &attach->recorded, error);
	if (r == 0)
		r = attach_define(attach, error);
	if (r < 0) {
		attach_undefine(attach, error);
		return r;
	}
	error_step(error, "attach");
	attach->came = true;
	r = attach_device(attach, error);
	attach->refused = r < 0 && error->code == HOTSLOT_ERROR_LIBVIRT;
	if (r == 0) {
		have_attached = true;
		error_step(error, "verify");
		r = attach_verify(attach, &xml, error);
	}
	if (r == 0)
		r = attach_verify_image(attach, xml, error);
	if (r < 0) {
		confirm_no_more(attach->domain, &attach->drive);
		take_back(attach, have_attached, error);
		return r;
	}
	attach->moments.verified = now_us();
	attach->confirm_by = deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
	attach->after = steal_pointer(xml);
	return 0;
}

static int confirm_and_fill(struct attach *attach, struct hotslot_error *error)
{
	int r;

	error_step(error, "confirm");
	r = confirm(attach, error);
	attach->moments.confirmed = now_us();
	if (r == 0)
		r = fill(attach, error);
	if (r < 0)
		take_back(attach, true, error);
	return r;
}

/* No device: the slot alone. */
static int reserve_only(struct attach *attach, struct hotslot_error *error)
{
	unsigned slot = attach->drive.slot;

	attach->record = record_new(slot_target(slot), slot_lun(slot));
	if (!attach->record)
		return error_memory(error);
	return reserve_add(attach->domain, slot, HOTSLOT_SCOPE_LIVE, error);
}

static int check_label(const struct attach *attach, struct hotslot_error *error)
{
	const struct hotslot_attach_options *options = &attach->options;

	int r = 0;

	if (attach->drive.reserved || options->any_label)
		return 0;
	if (attach->definition)
		r = isolate_check(attach->domain, attach->definition, options->label, error);
	return r < 0 ? r : isolate_check(attach->domain, attach->xml, options->label, error);
}

/* The label of a disk that never came. */
static void forget_label(const struct attach *attach, struct hotslot_error *error)
{
	struct hotslot_error other = {};

	if (!attach->came && isolate_forget(attach->domain, &attach->recorded, &other) < 0)
		error_append(error, "; its label is still noted: %s", other.message);
}

static int choose_and_attach(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	int r = check_label(attach, error);

	if (r < 0)
		return r;
	attach->refused = false;
	error_step(error, "reserve");
	r = reserve(attach, deadline, error);
	if (r < 0)
		return r;
	return attach->drive.reserved ? reserve_only(attach, error)
				      : attach_and_verify(attach, error);
}

/* Whether libvirt refused because something that we chose is another disk's meanwhile. Its error
 * does not tell; the XML does, and is what the next choice goes by. */
static bool is_overtaken(struct attach *attach)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct drive *drive = &attach->drive;
	struct hotslot_error ignored = {};

	if (!attach->refused || domain_read_checked(attach->domain, &xml, &ignored) < 0)
		return false;
	if ((attach->options.slot >= 0 ||
		    !domain_xml_is_taken(xml, slot_target(drive->slot), slot_lun(drive->slot))) &&
		(attach->options.id || !domain_xml_disk_by_alias(xml, drive->alias)) &&
		!drive_label_is_taken(xml, drive->target_dev))
		return false;
	domain_xml_free(attach->xml);
	attach->xml = steal_pointer(xml);
	return attach_join_definition(attach, &ignored) == 0;
}

/* A daemon that went in the call may have left QEMU with the disk, and so with its image. */
static bool is_in_own_way(struct attach *attach, const struct hotslot_error *error)
{
	bool lost = attach->lost;

	attach->lost = false;
	return lost && error->code == HOTSLOT_ERROR_IMAGE_IN_USE;
}

static bool may_try_again(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	int r;

	if (is_overtaken(attach) || attach_definition_is_overtaken(attach))
		return true;
	if (attach->came)
		return false;
	if (is_in_own_way(attach, error))
		return obstacle_clear_own(attach->domain, &attach->drive, deadline, error);
	if (!attach->refused)
		return false;
	r = obstacle_clear(attach->domain, &attach->drive, deadline, error);
	if (r != OBSTACLE_IN_SLOT || attach->options.slot >= 0)
		return r == OBSTACLE_GONE;
	connection_notice(attach->domain->hotslot, "%s; the next slot is tried", error->message);
	attach->first = attach->drive.slot + 1;
	return true;
}

/* And not by what images the other disks have. */
static bool goes_by_places(const struct attach *attach)
{
	return attach->options.scope == HOTSLOT_SCOPE_LIVE && !attach->drive.element &&
	       image_is_guarded(&attach->drive.image);
}

static int run(struct attach *attach, struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
	int r;

	/* It is answered while the image is looked at. */
	job_ask(attach->domain);
	r = attach_check(attach, deadline, error);
	if (r < 0)
		return r;
	r = job_await_and_open(
		attach->domain, goes_by_places(attach), deadline, &attach->xml, error);
	if (r == 0)
		r = attach_check_disks(attach, error);
	if (r == 0)
		r = attach_join_definition(attach, error);
	if (r < 0)
		return config_advise(attach->domain, r, error);
	r = choose_and_attach(attach, deadline, error);
	for (int i = 1; r < 0 && i < CHOICES_MAX && may_try_again(attach, deadline, error); i++) {
		*error = (struct hotslot_error){};
		r = choose_and_attach(attach, deadline, error);
	}
	if (r < 0)
		forget_label(attach, error);
	return r;
}

int attach_begin(struct attach *attach, const struct hotslot_attach_options *options,
	struct hotslot_error *error)
{
	int r;

	attach->moments.start = attach->moments.start ?: now_us();
	options_copy(&attach->options, sizeof(attach->options), options);
	r = config_scope(attach->domain, attach->options.scope, &attach->options.scope, error);
	if (r < 0)
		return r;
	return attach->options.scope == HOTSLOT_SCOPE_CONFIG ? attach_config(attach, error)
							     : run(attach, error);
}

int attach_end(struct attach *attach, struct hotslot_disk **ret, struct hotslot_error *error)
{
	int r = attach->after ? confirm_and_fill(attach, error) : 0;

	if (r < 0)
		return r;
	attach->moments.end = now_us();
	attach_add_times(attach);
	if (ret)
		*ret = &steal_pointer(attach->record)->disk;
	return 0;
}

void attach_done(struct attach *attach)
{
	record_free(attach->record);
	domain_xml_free(attach->xml);
	domain_xml_free(attach->after);
	free(attach->asked);
	domain_xml_free(attach->definition);
	free(attach->definition_text);
	xml_disk_done(&attach->twin);
	drive_done(&attach->drive);
}

int hotslot_attach(struct hotslot_domain *domain, const struct hotslot_attach_options *options,
	struct hotslot_disk **ret, struct hotslot_error *error)
{
	struct attach attach = { .domain = domain, .moments.start = now_us() };
	struct hotslot_error ignored;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	options_copy(&attach.options, sizeof(attach.options), options);
	r = domain_begin(domain, attach.options.timeout_ms, &call, error);
	if (r < 0)
		return r;
	r = attach_begin(&attach, options, error);
	if (r == 0)
		r = attach_end(&attach, ret, error);
	attach_done(&attach);
	return r;
}
