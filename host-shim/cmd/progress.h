/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line on the terminal that says what is under way; nothing where standard error is none. */
#pragma once

#include <stdbool.h>

/* Shows TEXT and the seconds gone until progress_end(); at once, or after the first second. TEXT
 * must live until then. */
void progress_begin(const char *text, bool at_once);

/* Takes the line away. */
void progress_end(void);

/* Takes the line away for the moment, since something else is printed. */
void progress_clear(void);
