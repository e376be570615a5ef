/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page of the inventory: the answer to disks. */
#pragma once

#include "pending.h"

/* Whether nobody has yet to look at the contents of the page's disks. */
bool page_is_known(const struct server *server, const struct pending *pending);

/* Builds the answer. Returns a new reference, NULL without memory. */
json_t *page_answer(struct server *server, const struct pending *pending);
