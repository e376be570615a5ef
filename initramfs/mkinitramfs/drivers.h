/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel modules of the appliance, and the lists by which hotslot-init inserts them. */
#pragma once

#include "appliance.h"

/* Adds the modules and the lists. Logs what fails. */
int drivers_add(const struct appliance *appliance, struct image *image);
