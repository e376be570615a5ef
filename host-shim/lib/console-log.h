/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a console's log, for an error. */
#pragma once

#include "hotslot.h"

/* Adds the last lines of the file to the message; nothing if there are none. */
void console_log_append(struct hotslot_error *error, const char *path);
