/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk in words, as a table or a line has them. */
#pragma once

#include <stdbool.h>

#include "hotslot.h"

#define SIZE_TEXT_SIZE 24  /* a 64-bit number, a unit, the NUL */
#define FLAGS_TEXT_SIZE 96 /* all of them at once */

/* As lsblk writes sizes: powers of 1024, rounded to a tenth. BYTES: all digits. */
void format_size(uint64_t size, bool bytes, char ret[static SIZE_TEXT_SIZE]);

/* "ro,foreign"; empty if there is nothing to say. */
void format_flags(const struct hotslot_disk *disk, bool reserved, char ret[static FLAGS_TEXT_SIZE]);

/* What is on the disk, "?" if that is not known, NULL if nothing. */
const char *contents_type(const struct hotslot_disk *disk);
