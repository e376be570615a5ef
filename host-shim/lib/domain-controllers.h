/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-scsi controllers of a domain. Pure. */
#pragma once

#include "domain-xml.h"
#include "xml.h"

/* Whether an element of a domain's <devices> is one. */
bool domain_controllers_is_virtio_scsi(xmlNode *node);

/* What follows is for domain-xml.c alone. */

/* Adds them. -EBADMSG if an index or an address is none. */
int domain_controllers_parse(xmlNode *devices, struct domain_xml *xml);

/* Sets the managed one to the default. After the disks. */
void domain_controllers_choose(struct domain_xml *xml);
