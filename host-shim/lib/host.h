/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which host a domain runs on. */
#pragma once

#include "domain.h"

/* Reads the UUID by which libvirt tells hosts, once for a connection to a daemon, and copies it;
 * empty if libvirt does not say. In a call. */
void host_uuid_read(struct hotslot_domain *domain, char ret[VIR_UUID_STRING_BUFLEN]);
