/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The appliance's own root disk: waiting for it. */
#pragma once

#include "options.h"

/* No file system type that libblkid knows is longer. */
#define ROOT_TYPE_SIZE 32

struct root {
	char node[64]; /* "/dev/sda1" */
	char type[ROOT_TYPE_SIZE];
};

/* Waits for the root disk that the options ask for, at most as long as they say. Logs what
 * fails. */
int root_find(const struct options *options, struct root *ret);
