/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that libvirt has in the XML, while QEMU has let go of them: libvirt, stopped at the wrong
 * moment, has missed that, and keeps them until the domain is started anew. libvirt 9.0 touches
 * freed memory when it is asked to detach one. */
#pragma once

#include "domain.h"

/* By libvirt's labels ("sda"). */
struct unheard {
	char **labels;
	size_t n;
};

/* Whether the disk with this label is one, or just going. False if libvirt does not tell. Takes
 * libvirt 0.2 ms for each of the domain's disks. */
bool unheard_is(struct hotslot_domain *domain, const char *label);

/* The same of all of them, in 1 ms for each. */
void unheard_find(const struct hotslot_domain *domain, struct unheard *ret);
bool unheard_has(const struct unheard *unheard, const char *label);
void unheard_done(struct unheard *unheard);

#define _cleanup_unheard_ _cleanup_(unheard_done)
