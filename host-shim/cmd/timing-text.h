/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the time went, for a person. */
#pragma once

#include "client.h"
#include "selection.h"

/* The phases of the attach that has returned DISK, a line each: start, duration and a bar. */
void timing_print_attach(const struct hotslot_disk *disk, FILE *f);

/* A table of the disks with the times of their coming. Returns -ENOMEM. */
int timing_print_list(const struct selection *selection, FILE *f);

/* What there is to say of times that the guest does not tell; NULL: nothing. */
const char *timing_problem(const struct hotslot_times *times);
