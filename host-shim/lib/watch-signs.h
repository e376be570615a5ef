/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's word that the guest has opened or closed a port: the agent came or went. */
#pragma once

#include "listener.h"

/* In a call: from now on events_sign() is called for each port of the domain that the guest opens
 * or closes. Without that heartbeats have to do. On a new connection, it is to be said again. */
void watch_signs_begin(const struct hotslot_domain *domain, struct listener *listener);
