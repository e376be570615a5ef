/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts a domain lacks, and where they go. Pure. */
#pragma once

#include "parts.h"

/* Says what DEVICES, of a definition, lacks. LIVE, of the same domain as it runs, may be NULL: a
 * port that is taken there is not given to the channel here. CONTROLLER is the number of the
 * virtio-scsi controller that it is to have, -1: whichever. -EEXIST if another one has the number,
 * -ERANGE if it is not the next one: libvirt would fill the gap with controllers of its choice. */
int parts_plan(xmlNode *devices, xmlNode *live, int controller, struct parts *ret);

/* A place for the channel in DEVICES, the one of WISH if that is free. -ENOENT if no virtio-serial
 * controller has one. */
int parts_plan_channel(xmlNode *devices, const struct part *wish, struct part *ret);

bool parts_has_channel(xmlNode *devices);

/* Whether there is a virtio-scsi controller, of whichever model, with that number, -1: any. */
bool parts_has_scsi(xmlNode *devices, int controller);

/* The number of the next SCSI controller. */
unsigned parts_next_scsi(xmlNode *devices);

/* The model of the first SCSI controller that is no virtio-scsi one, "lsilogic", say. NULL if there
 * is none; the caller frees it. */
char *parts_other_scsi(xmlNode *devices, unsigned *ret_index);

/* The PCI controllers of DEVICES that are not in OLD: libvirt has made room. -ENOSPC. */
int parts_find_new(xmlNode *old, xmlNode *devices, struct parts *ret);

/* The PCI controllers of DEVICES, of a definition, that libvirt has added for the parts of a note,
 * and that have no alias: one of these is plugged into each, or another such one is. What is
 * plugged into it besides, part_is_used() tells. -ENOSPC. */
int parts_find_unnamed(xmlNode *devices, const struct parts *noted, struct parts *ret);
