/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resizing a disk: check, resize on the host, wait until the guest sees it. */
#include <inttypes.h>
#include <sys/stat.h>

#include "block-job.h"
#include "ended.h"
#include "error.h"
#include "guest.h"
#include "job.h"
#include "options.h"
#include "places.h"
#include "resolve.h"
#include "session.h"

/* QEMU's sectors: a size in between would be rounded in silence. */
#define SIZE_UNIT 512

/* For what the guest sees if it has not confirmed. */
#define ASK_MS 2000

struct resize {
	struct hotslot_domain *domain;
	struct hotslot_resize_options options;
	struct reference reference;
	uint64_t bytes, place;
	struct domain_xml *xml;
	const struct xml_disk *disk; /* in it */
	struct record *before;	     /* what the guest showed */
	bool resized;
	struct record *record; /* what the guest confirmed */
};

static uint64_t deadline_of(const struct resize *resize)
{
	return deadline_after(resize->options.timeout_ms, TIMEOUT_DEFAULT_MS);
}

static int check_host(struct resize *resize, struct hotslot_error *error)
{
	struct place_text place = place_locate(resize->place);
	const struct hotslot_domain *domain = resize->domain;

	resize->disk = resolve_host(resize->xml, resize->place);
	if (!resize->disk)
		return resolve_empty(domain, resize->xml, resize->place, error);
	if (resize->disk->passthrough)
		return error_set(error, HOTSLOT_ERROR_IMAGE,
			"The disk %s of domain %s is a LUN that is passed through: resize the LUN "
			"itself",
			place.text, domain->name);
	if (resize->disk->read_only)
		return error_set(error, HOTSLOT_ERROR_IMAGE,
			"The disk %s of domain %s is read-only: it cannot be resized", place.text,
			domain->name);
	return resolve_allow(
		domain, &resize->reference, resize->disk, resize->options.foreign, error);
}

/* Nothing is done to a disk that the guest hides, nor to one that may be another. */
static int check_guest(struct resize *resize, struct hotslot_error *error)
{
	struct guest_hidden hidden;
	int r = guest_disk_at(resize->domain, resize->place, false, deadline_of(resize),
		&resize->before, &hidden, error);

	if (r < 0)
		return r;
	if (!resize->before)
		return resolve_unseen(resize->domain, &hidden, resize->place, error);
	if (record_add_host(resize->before, resize->disk) < 0)
		return error_memory(error);
	if (!resize->before->disk.mismatch)
		return 0;
	return error_set(error, HOTSLOT_ERROR_MISMATCH,
		"Host and guest of domain %s see different disks %s: the guest reads serial %s, "
		"the host has given %s",
		resize->domain->name, place_locate(resize->place).text,
		resize->before->disk.serial ?: "none", resize->before->host_serial ?: "none");
}

static int get_size(const struct resize *resize, uint64_t *ret, struct hotslot_error *error)
{
	struct hotslot_domain *domain = resize->domain;
	const char *label = resize->disk->target_dev ?: "";
	virDomainBlockInfo info;
	int r;

	do
		r = virDomainGetBlockInfo(domain->domain, label, &info, 0);
	while (r < 0 && domain_reopened(domain));
	if (r < 0)
		return error_libvirt(error, "Cannot get the size of the disk %s of domain %s",
			place_locate(resize->place).text, resize->domain->name);
	*ret = info.capacity;
	return 0;
}

/* The guest's part of the size, its blocks, can only stop its own disk from being resized. */
static int check_size(const struct resize *resize, struct hotslot_error *error)
{
	uint32_t unit = resize->before ? resize->before->disk.block_size : 0;

	if (unit < SIZE_UNIT)
		unit = SIZE_UNIT;
	if (resize->bytes > 0 && resize->bytes <= INT64_MAX && resize->bytes % unit == 0)
		return 0;
	return error_set(error, HOTSLOT_ERROR_INVALID,
		"A disk%s cannot have %" PRIu64 " bytes: the size is a multiple of %" PRIu32,
		unit > SIZE_UNIT ? " of such blocks" : "", resize->bytes, unit);
}

/* On top of what the disk has on the host, whatever the guest says of it. */
static int add_size(struct resize *resize, uint64_t now, struct hotslot_error *error)
{
	if (now > INT64_MAX || resize->bytes > INT64_MAX - now)
		return error_set(error, HOTSLOT_ERROR_INVALID,
			"%" PRIu64 " bytes and %" PRIu64 " more are too many for a disk", now,
			resize->bytes);
	resize->bytes += now;
	return 0;
}

static int check_shrink(const struct resize *resize, uint64_t now, struct hotslot_error *error)
{
	if (resize->bytes >= now || resize->options.shrink)
		return 0;
	return error_set(error, HOTSLOT_ERROR_SHRINK,
		"The disk %s of domain %s has %" PRIu64 " bytes: what is beyond %" PRIu64
		" would be lost",
		place_locate(resize->place).text, resize->domain->name, now, resize->bytes);
}

static int check(struct resize *resize, uint64_t *ret_size, struct hotslot_error *error)
{
	int r = resize->options.relative ? 0 : check_size(resize, error);

	if (r < 0)
		return r;
	r = job_await_and_open(resize->domain, false, deadline_of(resize), &resize->xml, error);
	if (r == 0)
		r = resolve_place(resize->domain, resize->xml, &resize->reference,
			deadline_of(resize), &resize->place, error);
	if (r == 0)
		r = check_host(resize, error);
	if (r == 0)
		r = check_guest(resize, error);
	if (r == 0)
		r = get_size(resize, ret_size, error);
	if (r == 0 && resize->options.relative)
		r = add_size(resize, *ret_size, error);
	if (r == 0)
		r = check_size(resize, error);
	return r < 0 ? r : check_shrink(resize, *ret_size, error);
}

static bool is_block_device(const struct resize *resize)
{
	const char *source = resize->disk->source;
	struct stat st;

	return resize->domain->hotslot->local && source && stat(source, &st) == 0 &&
	       S_ISBLK(st.st_mode);
}

/* libvirt's error may have come after the deed. */
static int resize_failed(struct resize *resize, uint64_t before, struct hotslot_error *error)
{
	struct hotslot_error other = {};
	uint64_t now;
	int r = error_libvirt(error, "Cannot resize the disk %s of domain %s",
		place_locate(resize->place).text, resize->domain->name);

	r = ended_explain(resize->domain, r, error);
	guest_resize_no_more(resize->domain, resize->place, resize->bytes);
	if (error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return r;
	if (get_size(resize, &now, &other) < 0)
		error_append(error, "; what size it has now cannot be told");
	else
		error_append(error, "; it %s %" PRIu64 " bytes",
			now == before ? "still has" : "has", now);
	r = block_job_explain(resize->domain, resize->disk->target_dev, r, error);
	if (is_block_device(resize))
		error_append(error, "; resize the device %s itself first", resize->disk->source);
	return r;
}

static int look_again(const struct resize *resize, struct hotslot_error *error)
{
	int r = resolve_again(resize->domain, resize->disk, error);

	if (r != RESOLVED_GONE)
		return r;
	return error_set(error, HOTSLOT_ERROR_NO_DISK, "The disk %s of domain %s is gone meanwhile",
		place_locate(resize->place).text, resize->domain->name);
}

/* Once more after a job that came in between. No error set: libvirt has one. */
static int resize_libvirt(
	const struct resize *resize, uint64_t deadline, struct hotslot_error *error)
{
	struct hotslot_domain *domain = resize->domain;
	int r;

	do {
		r = job_await(domain, deadline, error);
		if (r < 0)
			return r;
		guest_resize_no_more(domain, resize->place, resize->bytes);
		guest_resize_early(domain, resize->place, resize->bytes, deadline_of(resize));
		r = virDomainBlockResize(domain->domain, resize->disk->target_dev, resize->bytes,
			VIR_DOMAIN_BLOCK_RESIZE_BYTES);
	} while (r < 0 && (job_came_between(domain, deadline) || domain_reopened(domain)));
	return r;
}

/* libvirt goes by the label alone. Somebody else may have put another disk there since it was
 * resolved; between this and the resize, too, which can only be told. */
static int resize_host(struct resize *resize, uint64_t before, struct hotslot_error *error)
{
	int r = look_again(resize, error);

	if (r < 0)
		return r;
	error_step(error, "resize");
	r = resize_libvirt(resize, deadline_of(resize), error);
	if (r < 0)
		return error->code == HOTSLOT_ERROR_NONE ? resize_failed(resize, before, error) : r;
	resize->resized = true;
	r = look_again(resize, error);
	if (r < 0 && error->code == HOTSLOT_ERROR_NO_DISK)
		error_append(error,
			"; what is there now may have been resized to %" PRIu64 " bytes",
			resize->bytes);
	return r;
}

static void tell_what_is(const struct resize *resize, struct hotslot_error *error)
{
	_cleanup_record_ struct record *record = NULL;
	struct hotslot_error other = {};
	struct guest_hidden hidden;

	if (error->code == HOTSLOT_ERROR_NOT_RUNNING)
		return;
	error_append(error, "; the host %s %" PRIu64 " bytes",
		resize->resized ? "has resized it to" : "has it at", resize->bytes);
	if (guest_disk_at(resize->domain, resize->place, false, now_ms() + ASK_MS, &record, &hidden,
		    &other) == 0 &&
		record)
		error_append(error, ", the guest sees %" PRIu64, record->disk.size);
}

static int confirm(struct resize *resize, struct hotslot_error *error)
{
	int r;

	error_step(error, "confirm");
	r = guest_resize(resize->domain, resize->before, resize->bytes, deadline_of(resize),
		&resize->record, error);
	if (r < 0) {
		tell_what_is(resize, error);
		return r;
	}
	r = record_add_host(resize->record, resize->disk);
	return r < 0 ? error_memory(error) : 0;
}

static int run(struct resize *resize, struct hotslot_error *error)
{
	uint64_t before;
	int r = check(resize, &before, error);

	if (r == 0 && before != resize->bytes)
		r = resize_host(resize, before, error);
	return r < 0 ? r : confirm(resize, error);
}

int hotslot_resize(struct hotslot_domain *domain, const char *disk, uint64_t bytes,
	const struct hotslot_resize_options *options, struct hotslot_disk **ret,
	struct hotslot_error *error)
{
	struct resize resize = { .domain = domain, .bytes = bytes };
	struct hotslot_error ignored;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	if (options)
		options_copy(&resize.options, sizeof(resize.options), options);
	error_step(error, "check");
	r = reference_parse_disk(disk, &resize.reference, error);
	if (r == 0)
		r = domain_begin(domain, resize.options.timeout_ms, &call, error);
	if (r == 0)
		r = run(&resize, error);
	if (r == 0 && ret)
		*ret = &steal_pointer(resize.record)->disk;
	record_free(resize.record);
	record_free(resize.before);
	domain_xml_free(resize.xml);
	reference_done(&resize.reference);
	return r;
}
