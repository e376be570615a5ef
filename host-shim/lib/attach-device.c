/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The call to libvirt that attaches the disk, and what its failure means. */
#include <libvirt/virterror.h>

#include "attach-work.h"
#include "confirm.h"
#include "drive-element.h"
#include "ended.h"
#include "error.h"
#include "job.h"
#include "options.h"

/* A daemon that has gone, or fails, may have done what it could not say any more. */
static bool is_attached(struct attach *attach)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored = {};

	return attach_verify(attach, &xml, &ignored) == 0;
}

static int check_image_again(struct attach *attach, struct hotslot_error *error)
{
	struct hotslot *hotslot = attach->domain->hotslot;
	const struct image *image = &attach->drive.image;
	_cleanup_image_ struct image again = {};

	if (attach->drive.element)
		return drive_check_element(hotslot, &attach->drive, false, error);
	return image_check(hotslot, image->path, image->format,
		(image->read_only ? IMAGE_READ_ONLY : 0) | (image->shared ? IMAGE_SHARED : 0),
		&again, error);
}

/* QEMU's locks are the last word on who may use an image; but it may be the disk itself that uses
 * it. */
static int attach_failed(struct attach *attach, struct hotslot_error *error)
{
	struct hotslot_error again = {};
	bool silent = virGetLastErrorCode() == VIR_ERR_OK;
	int r = error_libvirt(error, "Cannot attach %s to domain %s", attach->drive.image.path,
		attach->domain->name);

	/* libvirt 9.0 gives no reason where its embedded driver lacks another one. */
	if (silent && attach->domain->hotslot->embedded)
		error_append(error, "; the embedded driver has no secrets and no storage pools, "
				    "libvirt's daemons have");
	r = ended_explain(attach->domain, r, error);
	if (error->code == HOTSLOT_ERROR_LIBVIRT && !is_attached(attach) &&
		check_image_again(attach, &again) < 0 && again.code == HOTSLOT_ERROR_IMAGE_IN_USE)
		return error_set(error, again.code, "%s", again.message);
	return r;
}

static bool is_lost(struct attach *attach)
{
	bool lost = domain_reopened(attach->domain);

	attach->lost = attach->lost || lost;
	return lost;
}

static int attach_or_find(struct attach *attach)
{
	struct hotslot_domain *domain = attach->domain;
	bool found = false;
	int r;

	do
		r = virDomainAttachDeviceFlags(
			domain->domain, attach->asked, VIR_DOMAIN_AFFECT_LIVE);
	while (r < 0 && is_lost(attach) && !(found = is_attached(attach)));
	return found ? 0 : r;
}

int attach_format(struct attach *attach, struct hotslot_error *error)
{
	struct disk_spec spec;
	int r;

	drive_describe(&attach->drive, attach->xml->controller, &spec);
	free(steal_pointer(attach->asked));
	r = disk_xml_format(&spec, &attach->asked);
	return r < 0 ? error_system(error, r, "Cannot write XML for %s", spec.source) : 0;
}

int attach_device(struct attach *attach, struct hotslot_error *error)
{
	uint64_t deadline = deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS);
	bool again;
	int r = attach_format(attach, error);

	if (r < 0)
		return r;
	do {
		r = job_await(attach->domain, deadline, error);
		if (r < 0)
			return r;
		confirm_announce(attach->domain, &attach->drive,
			deadline_after(attach->options.timeout_ms, TIMEOUT_DEFAULT_MS));
		attach->moments.call = now_us();
		r = attach_or_find(attach);
		attach->moments.called = now_us();
		again = r < 0 && job_came_between(attach->domain, deadline);
		/* Not before libvirt's error is read: it takes that away. */
		if (again)
			confirm_no_more(attach->domain, &attach->drive);
	} while (again);
	return r < 0 ? attach_failed(attach, error) : 0;
}
