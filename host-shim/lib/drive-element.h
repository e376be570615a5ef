/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drive that is given as a <disk> element, and what it asks of the controller. */
#pragma once

#include "drive.h"

/* Takes the element of OPTIONS into the drive, and what it says of slot, serial and id into
 * OPTIONS, with which it must agree. */
int drive_take_element(
	struct hotslot_attach_options *options, struct drive *drive, struct hotslot_error *error);

/* Whether the image of its element can be used. USED: it may be open elsewhere, it is for later. */
int drive_check_element(
	struct hotslot *hotslot, const struct drive *drive, bool used, struct hotslot_error *error);

/* Whether the managed controller is the one that the element names, and is served by the IOThread
 * that was asked for. */
int drive_check_controller(
	const struct drive *drive, const struct domain_xml *xml, struct hotslot_error *error);
