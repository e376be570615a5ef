/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which host a domain runs on, and its libvirt. */
#pragma once

#include "domain.h"

/* Copies what libvirt says of it, which is asked once for a connection to a daemon, and again if
 * that goes meanwhile: see domain_reopened(). In a call. */
void host_read(struct hotslot_domain *domain, struct host *ret);
