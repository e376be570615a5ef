/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our element in a domain's <metadata>: <hotslot><reserved slots='0-3,17'/></hotslot>. Pure. */
#pragma once

#include "slot-set.h"
#include "xml.h"

#define METADATA_URI "urn:hotslot:domain:1"
#define METADATA_KEY "hotslot"

/* The reserved slots in a domain's <metadata>, which may be NULL. -EBADMSG if there is an element
 * of our namespace that is not as it should be. */
int metadata_parse(xmlNode *metadata, struct slot_set *ret);

/* OLD is our element as virDomainGetMetadata() gives it, NULL if there is none. Adds the slots of
 * CHANGE to the reserved ones, or takes them off, and returns what virDomainSetMetadata() is to
 * get, with all that is not about reservations kept; NULL in *ret if nothing is left. -EBADMSG if
 * OLD is no element of ours. The caller frees *ret. */
int metadata_update(const char *old, const struct slot_set *change, bool add, char **ret);

/* Whether NODE is an element of ours of that name, in a domain's XML or in what
 * virDomainGetMetadata() gives. */
bool metadata_is(const xmlNode *node, const char *name);

/* The element as text, for virDomainSetMetadata(): NULL in *ret if nothing is in it. The caller
 * frees *ret. */
int metadata_format(xmlDoc *document, xmlNode *element, char **ret);

/* Writes a new domain's <metadata>: what stands between the first and the last of these is in our
 * element. */
void metadata_open(struct xml_writer *w);
void metadata_put_reserved(struct xml_writer *w, const struct slot_set *reserved);
void metadata_close(struct xml_writer *w);
