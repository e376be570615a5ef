/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's word that the guest has opened or closed a port: the agent came or went. */
#pragma once

#include "domain.h"

/* From now on events_sign() is called for each port of the domain that the guest opens or closes.
 * Returns what ends it, -1 if there is no such word: heartbeats have to do then. */
int watch_signs_begin(const struct hotslot_domain *domain);
void watch_signs_end(const struct hotslot_domain *domain, int signs);
