/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtio-scsi controllers of a domain, for domain-xml.c alone. Pure. */
#pragma once

#include "domain-xml.h"
#include "xml.h"

/* Adds them. -EBADMSG if an index or an address is none. */
int domain_controllers_parse(xmlNode *devices, struct domain_xml *xml);

/* Sets the managed one to the default. After the disks. */
void domain_controllers_choose(struct domain_xml *xml);
