/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a launch is to start: options checked, images found, places reserved. */
#pragma once

#include "launch-xml.h"

struct plan {
	struct hotslot_launch_options options;
	struct launch_spec spec; /* points to what follows */
	char *kernel, *initramfs, *console_log, *cmdline;
	struct drive *drives;
	size_t n_drives;
	struct drive root;
	struct slot_set reserved;
	struct label_set labels;
	char *kvm_doubt; /* to be remembered when the launch works without KVM; NULL: nothing */
};

/* Fills a plan of which only the options are set. plan_done() also after a failure. */
int plan_make(struct hotslot *hotslot, struct plan *plan, struct hotslot_error *error);

void plan_done(struct plan *plan);
