/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KVM or TCG: what a guest really comes up under on this host. */
#pragma once

#include "launch-xml.h"

/* Sets SPEC's kvm as ACCEL says; for HOTSLOT_ACCEL_AUTO tries SPEC's kernel and initramfs under KVM
 * once, and remembers. That KVM failed is only known when they come up without it: then the caller
 * has *ret_doubt, if it is not NULL, remembered, and frees it. */
int accel_choose(struct hotslot *hotslot, enum hotslot_accel accel, struct launch_spec *spec,
	char **ret_doubt, struct hotslot_error *error);

/* What was found out since this host booted: 1 KVM works, 0 it does not, negative: not known. */
int accel_recall(const char *key);

/* A cache: what cannot be written is found out again. */
void accel_remember(const char *key, bool works);
