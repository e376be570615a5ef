/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a disk's image is, in libvirt's XML. Pure. */
#pragma once

#include "source.h"
#include "xml.h"

/* What the type of a <disk> with this source is; BLOCK: of a path, whether it is a device's. */
const char *source_disk_type(enum source_kind kind, bool block);

/* Writes the start of its <source> element, which is left open for more. */
void source_write(struct xml_writer *w, const struct source *source, bool block);

/* The text of a <source> element: source_format()'s of what can be given as a text, of the rest
 * what a person can recognize it by. NULL if it says nothing, or SOURCE is NULL. The caller frees
 * it. */
char *source_describe(xmlNode *source);
