/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt tells of who defines a domain anew, or undefines it: so is found what somebody else
 * has done between our last look and our change, which the definition itself does not show any
 * more. Of what changes a part of the definition alone (virsh attach-device --config), there is no
 * event.
 */
#pragma once

#include "domain.h"

struct definition_events {
	bool known;
	unsigned link; /* the connection's that they are of */
	unsigned defined, undefined;
};

/* What was told until now. The look at the definition comes after it. */
struct definition_events definition_events_note(struct hotslot_domain *domain);

/* HOTSLOT_ERROR_LIBVIRT if somebody else has defined the domain anew since, or undefined it, which
 * we have defined OWN times, and read after that. Where libvirt's daemon has gone since, nothing is
 * known. */
int definition_events_check(struct hotslot_domain *domain, const struct definition_events *since,
	unsigned own, struct hotslot_error *error);
