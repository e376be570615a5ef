/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tabs and line ends in the XML that libvirt gives out. Pure. */
#pragma once

#include "util.h"

/* libvirt (9.0) writes a tab or line end of an attribute, and a carriage return of any text, as it
 * is; a parser then reads a blank, or a line feed. Returns the same XML with references for them,
 * which are read as what was meant. Comments, CDATA sections and instructions stay as they are:
 * there is no other way to write what they have. -ENOMEM; the caller frees *ret. */
int xml_escape_controls(const char *text, char **ret);
