/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change of a domain's persistent definition, and of nothing else in it. */
#pragma once

#include "domain.h"
#include "xml.h"

/* Takes out of a <domain> what a change is about: where that is all, what is left is the same
 * before and after. */
typedef void (*definition_strip_fn)(xmlNode *domain, const void *data);

/* Defines TEXT in place of OLD, which was read before, and reads what libvirt makes of it. If that
 * differs from OLD in more than STRIP takes out of both, this fails: what libvirt has changed is
 * undone, what only somebody else can have changed is left. It also fails, with nothing done, if
 * the definition is not OLD any more; and, too late, if libvirt tells that somebody else has
 * defined or undefined the domain in between. Others of hotslot's wait meanwhile, see
 * definition_lock(). The caller frees *ret, the definition as it is now. */
int definition_change(struct hotslot_domain *domain, const char *old, const char *text,
	definition_strip_fn strip, const void *data, char **ret, struct hotslot_error *error);

/* Whether two definitions are the same but for what STRIP takes out. Blanks between elements do not
 * count. -EBADMSG if one is no XML. Pure. */
int definition_is_same(const char *a, const char *b, definition_strip_fn strip, const void *data);
