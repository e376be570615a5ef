/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Having the guest confirm a disk that it was given. */
#pragma once

#include "domain.h"
#include "drive.h"

/* Announces the drive to the guest before it is attached: one thing less to do while it comes. */
void confirm_announce(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline);

/* It does not come. */
void confirm_no_more(struct hotslot_domain *domain, const struct drive *drive);

/* Waits until the guest shows the drive with its slot, serial, size and mode. That another disk has
 * its serial is a notice; of a strict one HOTSLOT_ERROR_SERIAL_TAKEN. The caller frees
 * *ret with record_free(). */
int confirm_drive(struct hotslot_domain *domain, const struct drive *drive, uint64_t deadline,
	struct record **ret, struct hotslot_error *error);
