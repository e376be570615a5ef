/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks of a definition get an alias, and which. Pure. */
#pragma once

#include "domain-xml.h"
#include "drive.h"
#include "xml.h"

/* Others have longer ones than we do; which are longer still are not looked at. */
#define ADOPT_ALIAS_SIZE 256

struct adoption {
	const struct xml_disk *disk;
	const struct xml_disk *live; /* the same as it runs; NULL: it does not */
	xmlNode *element;
	int slot; /* -1: none */
	char alias[ADOPT_ALIAS_SIZE];
};

struct adopt_plan {
	size_t n;
	struct adoption *adoptions;
};

/* The disks of XML that have no alias; DEVICES are those of the same text, and the plan points into
 * both. -EBADMSG if they are not. LIVE and LIVE_DEVICES are the same of the domain as it runs, or
 * NULL: a disk that has a user's alias there gets the same here, ours or not. No other device of
 * either, whatever its kind, has the alias that a disk gets. */
int adopt_plan_make(const struct domain_xml *xml, xmlNode *devices, const struct domain_xml *live,
	xmlNode *live_devices, struct adopt_plan *ret);
/* The ID of the alias; NULL if it is not ours. */
const char *adopt_plan_id(const struct adoption *adoption);

void adopt_plan_done(struct adopt_plan *plan);

#define _cleanup_adopt_plan_ _cleanup_(adopt_plan_done)
