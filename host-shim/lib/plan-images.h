/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the images of a launch can be used, each and all of them together. */
#pragma once

#include "plan.h"

/* HOTSLOT_ERROR_IMAGE if the server of an image does not answer within the time of the launch. */
int plan_await_server(struct hotslot *hotslot, const struct plan *plan, const struct image *image,
	struct hotslot_error *error);

/* As drive_check(), and that. */
int plan_check_drive(struct hotslot *hotslot, const struct plan *plan,
	struct hotslot_attach_options *options, struct drive *ret, struct hotslot_error *error);

/* HOTSLOT_ERROR_IMAGE_IN_USE if two of them are one that cannot be shared. */
int plan_check_twice(const struct plan *plan, bool local, struct hotslot_error *error);
