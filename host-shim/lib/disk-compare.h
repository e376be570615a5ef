/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a <disk> element has all that another one asks for: libvirt drops what it does not know
 * or like. Pure. */
#pragma once

#include "xml.h"

/* Returns 0 if LIVE has every attribute, element and text that ASKED has, 1 if not: then *RET says
 * what it has not, "cache='none' of <driver>". Values are compared by what they mean (see
 * disk-value.h); what libvirt numbers itself is left out, and of a transient disk what its overlay
 * stands in for. The caller frees *ret. */
int disk_compare(xmlNode *asked, xmlNode *live, char **ret);

/* The <disk> in a domain's XML that is at an address, NULL if none. */
xmlNode *disk_compare_find(xmlDoc *domain, unsigned controller, unsigned target, unsigned unit);
