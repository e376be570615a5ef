/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The note of what was added to a domain for us: <enabled parts='channel virtio-serial:0 scsi:1'
 * room='1'/> in our element of its metadata. Where there is no port for one of these, libvirt adds
 * PCI controllers, which only show afterwards: their numbers are not below that of the room. Pure.
 */
#pragma once

#include "parts.h"

/* The parts in the note of a <domain>. -ENOENT if it has none, -EBADMSG if it cannot be read. */
int parts_note_read(xmlNode *domain, struct parts *ret);

/* Adds parts to the note of a <domain>, which is made if there is none. */
int parts_note_add(xmlNode *domain, const struct parts *parts);

/* Takes it away, and what was made for it. */
void parts_note_remove(xmlNode *domain);

/* Has the note of a <domain>, which has one, say these parts and no others; none: takes it away. */
int parts_note_replace(xmlNode *domain, const struct parts *parts);

/* The same for our element as virDomainGetMetadata() gives it, NULL if there is none: returns what
 * virDomainSetMetadata() is to get. PARTS NULL: takes the note away. -EBADMSG if OLD is no element
 * of ours. The caller frees *ret. */
int parts_note_update(const char *old, const struct parts *parts, char **ret);
