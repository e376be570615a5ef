/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaching a disk: check, reserve, attach, verify, confirm; or all of it back. */
#include <libvirt/virterror.h>
#include <string.h>
#include <time.h>

#include "confirm.h"
#include "error.h"
#include "guest.h"
#include "isolate.h"
#include "leaked.h"
#include "obstacle.h"
#include "options.h"
#include "reserve.h"
#include "session.h"
#include "slot.h"
#include "unplug.h"

/* Taking back what did not work: the guest is asked, but not for long, as it may be the reason. */
#define ROLLBACK_GUEST_MS 1000
#define ROLLBACK_HOST_MS 30000

/* Choosing anew when somebody who takes no turns, another user or virsh, was faster: often enough
 * for a burst of theirs, or for the chain of backing files that a broken-off attach has left. */
#define CHOICES_MAX 64

struct attach {
	struct hotslot_domain *domain;
	struct hotslot_attach_options options;
	struct drive drive;
	struct domain_xml *xml; /* before */
	struct record *record;	/* what the guest confirmed */
	struct hotslot_timing timing;
	bool refused;	/* by libvirt */
	bool came;	/* the domain had the disk, or may have had it */
	unsigned first; /* slot to choose from: there may be lost disks before it */
	struct isolation recorded;
};

static double now_precise(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

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

/* QEMU's locks are the last word on who may use an image. */
static int attach_failed(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_image_ struct image image = {};
	struct hotslot_error again = {};
	int r = error_libvirt(error, "Cannot attach %s to domain %s", attach->drive.image.path,
		attach->domain->name);

	if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		error->code = HOTSLOT_ERROR_NOT_RUNNING;
	else if (image_check(attach->domain->hotslot, attach->drive.image.path,
			 attach->drive.image.format, attach->drive.image.read_only, &image,
			 &again) < 0 &&
		 again.code == HOTSLOT_ERROR_IMAGE_IN_USE)
		return error_set(error, again.code, "%s", again.message);
	return r;
}

static int attach_device(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_free_ char *text = NULL;
	struct disk_spec spec;
	double start;
	int r;

	drive_describe(&attach->drive, attach->xml->controller, &spec);
	r = disk_xml_format(&spec, &text);
	if (r < 0)
		return error_system(error, r, "Cannot write XML for %s", spec.source);
	confirm_announce(attach->domain, &attach->drive,
		deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS));
	start = now_precise();
	r = virDomainAttachDeviceFlags(attach->domain->domain, text, VIR_DOMAIN_AFFECT_LIVE);
	attach->timing.attach = now_precise() - start;
	return r < 0 ? attach_failed(attach, error) : 0;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A LUN that is passed through has none in the XML. */
static bool has_serial(const struct xml_disk *disk, const struct drive *drive)
{
	return drive->passthrough ? !disk->serial : is_same(disk->serial, drive->serial);
}

/* libvirt drops what it does not like, a malformed alias for one. Has the disk ready for the
 * caller if it is there as asked. */
static int verify(struct attach *attach, struct domain_xml **ret, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	const struct drive *drive = &attach->drive;
	const struct xml_disk *disk;
	int r = domain_read(attach->domain, &xml, error);

	if (r < 0)
		return r;
	disk = domain_xml_disk_at(xml, slot_target(drive->slot), slot_lun(drive->slot));
	if (!disk || !is_same(disk->alias, drive->alias) || !has_serial(disk, drive) ||
		!is_same(disk->source, drive->image.path) ||
		disk->passthrough != drive->passthrough ||
		disk->read_only != drive->image.read_only)
		return error_set(error, HOTSLOT_ERROR_MISMATCH,
			"Domain %s does not have the disk in slot %u as it was asked for",
			attach->domain->name, drive->slot);
	*ret = steal_pointer(xml);
	return 0;
}

static int confirm(struct attach *attach, const struct domain_xml *xml, struct hotslot_error *error)
{
	const struct drive *drive = &attach->drive;
	int r = confirm_drive(attach->domain, drive,
		deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS), &attach->record,
		error);

	if (r < 0)
		return r;
	r = record_add_host(attach->record,
		domain_xml_disk_at(xml, slot_target(drive->slot), slot_lun(drive->slot)));
	return r < 0 ? error_memory(error) : 0;
}

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
	if (unplug(domain, disk->alias, start + ROLLBACK_HOST_MS, &other) < 0) {
		error_append(error, "; the disk is still in slot %u as %s: %s", slot, disk->alias,
			other.message);
		return;
	}
	ignored = (struct hotslot_error){};
	(void)guest_release(domain, slot, RELEASE_DETACHED, now_ms() + ROLLBACK_GUEST_MS, &ignored);
	error_append(error, "; rolled back, the domain is as it was");
}

static void roll_back(struct attach *attach, bool attached, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error other = {};
	const struct xml_disk *disk;

	if (error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return;
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

/* From the attach on, a failure has something to take back. */
static int attach_and_confirm(struct attach *attach, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	bool have_attached = false;
	double attached;
	int r;

	/* Before the disk: whoever is killed in between has the domain know of a label too many. */
	r = isolate_record(
		attach->domain, attach->xml, attach->options.label, &attach->recorded, error);
	if (r < 0)
		return r;
	error_step(error, "attach");
	attach->came = true;
	r = attach_device(attach, error);
	attach->refused = r < 0 && error->code == HOTSLOT_ERROR_LIBVIRT;
	attached = now_precise();
	if (r == 0) {
		have_attached = true;
		error_step(error, "verify");
		r = verify(attach, &xml, error);
	}
	if (r == 0) {
		error_step(error, "confirm");
		r = confirm(attach, xml, error);
		attach->timing.confirm = now_precise() - attached;
	}
	if (r == 0 && reserve_has(xml, attach->drive.slot)) {
		error_step(error, "fill");
		r = reserve_fill(attach->domain, attach->drive.slot, error);
	}
	if (r < 0)
		roll_back(attach, have_attached, error);
	return r;
}

/* No device: the slot alone. */
static int reserve_only(struct attach *attach, struct hotslot_error *error)
{
	unsigned slot = attach->drive.slot;

	attach->record = record_new(slot_target(slot), slot_lun(slot));
	if (!attach->record)
		return error_memory(error);
	return reserve_add(attach->domain, slot, error);
}

static int check_label(const struct attach *attach, struct hotslot_error *error)
{
	const struct hotslot_attach_options *options = &attach->options;

	return attach->drive.reserved || options->any_label
		       ? 0
		       : isolate_check(attach->domain, attach->xml, options->label, error);
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
				      : attach_and_confirm(attach, error);
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
	return true;
}

static bool may_try_again(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	int r;

	if (is_overtaken(attach))
		return true;
	if (!attach->refused || attach->came)
		return false;
	r = obstacle_clear(attach->domain, &attach->drive, deadline, error);
	if (r != OBSTACLE_IN_SLOT || attach->options.slot >= 0)
		return r == OBSTACLE_GONE;
	connection_notice(attach->domain->hotslot, "%s; the next slot is tried", error->message);
	attach->first = attach->drive.slot + 1;
	return true;
}

/* What has the image open may be of an attach that was broken off. */
static int check(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	int r;

	error_step(error, "check");
	r = drive_check(attach->domain->hotslot, &attach->options, &attach->drive, error);
	if (r == 0 || error->code != HOTSLOT_ERROR_IMAGE_IN_USE ||
		!leaked_free_image(attach->domain, attach->options.image, deadline))
		return r;
	error_begin(error, NULL);
	error_step(error, "check");
	return drive_check(attach->domain->hotslot, &attach->options, &attach->drive, error);
}

static int run(struct attach *attach, struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
	int r = check(attach, deadline, error);

	if (r < 0)
		return r;
	r = session_open(attach->domain, deadline, &attach->xml, error);
	if (r < 0)
		return r;
	r = choose_and_attach(attach, deadline, error);
	for (int i = 1; r < 0 && i < CHOICES_MAX && may_try_again(attach, deadline, error); i++) {
		*error = (struct hotslot_error){};
		r = choose_and_attach(attach, deadline, error);
	}
	if (r < 0)
		forget_label(attach, error);
	return r;
}

int hotslot_attach(struct hotslot_domain *domain, const struct hotslot_attach_options *options,
	struct hotslot_disk **ret, struct hotslot_error *error)
{
	struct attach attach = { .domain = domain };
	struct hotslot_error ignored;
	double start = now_precise();
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	options_copy(&attach.options, sizeof(attach.options), options);
	r = domain_begin(domain, attach.options.timeout_ms, &call, error);
	if (r == 0)
		r = run(&attach, error);
	if (r == 0 && ret) {
		attach.timing.total = now_precise() - start;
		if (!attach.drive.reserved)
			attach.record->disk.timing = attach.timing;
		*ret = &steal_pointer(attach.record)->disk;
	}
	record_free(attach.record);
	domain_xml_free(attach.xml);
	drive_done(&attach.drive);
	return r;
}
