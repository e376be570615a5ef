/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What our appliance consists of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

/* A program or file of ours. */
struct part {
	const char *option; /* "--init" */
	const char *name;   /* "hotslot-init" */
	const char
		*path; /* as given; NULL: beside the running program, else where it is installed */
};

enum part_index {
	PART_INIT,
	PART_AGENT,
	PART_ID,
	PART_RULES,
	PARTS,
};

struct appliance {
	const char *module_tree; /* NULL: that of RELEASE */
	const char *release;	 /* NULL: the running kernel's */
	bool udevd;
	struct part parts[PARTS];
	const char **modules; /* more of them */
	size_t n_modules;
	const char *root_modules; /* file systems, separated by commas; NULL: the usual ones */
	const char **additions;	  /* FILE or FILE:DESTINATION */
	size_t n_additions;
};

#define APPLIANCE_INIT                                                          \
	{                                                                       \
		.udevd = true,                                                  \
		.parts = {                                                      \
			[PART_INIT] = { "--init", "hotslot-init", NULL },       \
			[PART_AGENT] = { "--agent", "hotslot-agent", NULL },    \
			[PART_ID] = { "--id", "hotslot-id", NULL },             \
			[PART_RULES] = { "--rules", "60-hotslot.rules", NULL }, \
		},                                                              \
	}

/* Fills IMAGE. Logs what fails. */
int appliance_collect(const struct appliance *appliance, struct image *image);
