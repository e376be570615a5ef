/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the images of a launch can be used, each and all of them together. */
#include "plan-images.h"

#include <string.h>

#include "error.h"
#include "image-server.h"
#include "options.h"
#include "source-compare.h"

int plan_await_server(struct hotslot *hotslot, const struct plan *plan, const struct image *image,
	struct hotslot_error *error)
{
	return image_await_server(hotslot, image->path,
		deadline_after(plan->options.timeout_ms, TIMEOUT_LAUNCH_MS), error);
}

int plan_check_drive(struct hotslot *hotslot, const struct plan *plan,
	struct hotslot_attach_options *options, struct drive *ret, struct hotslot_error *error)
{
	int r = drive_check(hotslot, options, ret, error);

	return r < 0 || ret->reserved ? r : plan_await_server(hotslot, plan, &ret->image, error);
}

/* QEMU's locks let one writer at an image; they speak when the domain starts, and not clearly. */
static int check_pair(
	const struct drive *a, const struct drive *b, bool local, struct hotslot_error *error)
{
	const char *path = a->image.path, *other = b->image.path;
	bool alike;

	if (!path || !other || !source_is_same(path, other, local) ||
		(a->image.read_only && b->image.read_only) ||
		(a->backend.shareable && b->backend.shareable))
		return 0;
	alike = strcmp(path, other) == 0;
	return error_set(error, HOTSLOT_ERROR_IMAGE_IN_USE,
		"Image %s is given twice%s%s; only disks that are read-only or shareable can share "
		"one",
		path, alike ? "" : ", once as ", alike ? "" : other);
}

int plan_check_twice(const struct plan *plan, bool local, struct hotslot_error *error)
{
	int r = 0;

	for (size_t i = 0; i < plan->n_drives && r == 0; i++) {
		r = check_pair(&plan->drives[i], &plan->root, local, error);
		for (size_t k = 0; k < i && r == 0; k++)
			r = check_pair(&plan->drives[i], &plan->drives[k], local, error);
	}
	return r;
}
