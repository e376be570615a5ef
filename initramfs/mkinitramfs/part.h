/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where our own programs and files are on this machine. */
#pragma once

#include "appliance.h"

/* Finds a part: as given; else beside the running program (a build that is not installed); else
 * where it is installed. Logs what fails. The caller frees *ret. */
int part_find(const struct part *part, char **ret);
