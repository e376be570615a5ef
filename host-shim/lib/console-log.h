/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a console's log, for an error. */
#pragma once

#include "domain.h"

/* Adds the last lines of the file to the message; nothing if there are none. */
void console_log_append(struct hotslot_error *error, const char *path);

/* The same of the console that a running domain writes to a file of this host; without one, says
 * where else to look. */
void console_log_append_of(struct hotslot_domain *domain, struct hotslot_error *error);
