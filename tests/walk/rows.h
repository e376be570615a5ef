/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of disks as text: what the library gives, and what the model expects of it. */
#pragma once

#include "walk.h"

/* What hotslot_list() should give. The caller frees it. */
char *rows_expect(struct walk *walk);

void rows_print_listed(FILE *out, const struct hotslot_disk *disk);
void rows_print_reserved(FILE *out, const int *slots, size_t count);
