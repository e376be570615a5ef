/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is to be attached can be. */
#include "attach-work.h"
#include "error.h"
#include "image-server.h"
#include "image-user.h"
#include "leaked.h"

/* What has the image open may be of an attach that was broken off. */
static int check_drive(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	const struct hotslot_attach_options given = attach->options;
	const char *image;
	int r;

	error_step(error, "check");
	r = drive_check(attach->domain->hotslot, &attach->options, &attach->drive, error);
	image = given.image ?: attach->drive.image.path;
	if (r == 0 || error->code != HOTSLOT_ERROR_IMAGE_IN_USE || !image ||
		!leaked_free_image(attach->domain, image, deadline))
		return r;
	drive_done(&attach->drive);
	attach->options = given;
	error_begin(error, NULL);
	error_step(error, "check");
	return drive_check(attach->domain->hotslot, &attach->options, &attach->drive, error);
}

int attach_check(struct attach *attach, uint64_t deadline, struct hotslot_error *error)
{
	int r = check_drive(attach, deadline, error);

	if (r < 0 || attach->drive.reserved)
		return r;
	return image_await_server(
		attach->domain->hotslot, attach->drive.image.path, deadline, error);
}

int attach_check_disks(struct attach *attach, struct hotslot_error *error)
{
	const struct hotslot_domain *domain = attach->domain;
	int r;

	if (attach->drive.reserved)
		return 0;
	r = domain_check_gap(domain, attach->xml, "Domain", error);
	return r < 0 ? r
		     : image_check_disks(domain->hotslot, &attach->drive.image, attach->xml,
			       domain->name, NULL, error);
}
