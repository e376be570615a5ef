/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two values of a <disk> element mean the same: libvirt writes what it was given in words
 * of its own. Pure. */
#pragma once

#include "xml.h"

/* Values of the attribute NAME of NODE. */
bool disk_value_is_same(const xmlNode *node, const char *name, const char *a, const char *b);

/* The texts of two elements of one name, without the blanks around them, each in its unit. */
bool disk_value_is_same_text(xmlNode *a, const char *a_text, xmlNode *b, const char *b_text);

/* Whether a text is what there is without it, so that libvirt does not write it. */
bool disk_value_is_default_text(const char *text);

/* The same of the attribute NAME of NODE. */
bool disk_value_is_default(const xmlNode *node, const char *name, const char *value);

/* Whether NODE is an element that only has others in it, or attributes, and these say nothing: then
 * libvirt does not write it. */
bool disk_value_is_nothing(const xmlNode *node);

/* Whether it is no wish: libvirt counts the sources anew in each domain, and a unit is part of the
 * text. */
bool disk_value_is_left_out(const xmlNode *node, const char *name);
