/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of aligned columns, printed once all of it is known. */
#pragma once

#include "util.h"

struct table;

/* N columns; those of the bits in RIGHT are aligned to the right. NULL if there is no memory. */
struct table *table_new(size_t n, unsigned right);

/* Adds a cell, row after row. TEXT is made printable; NULL or an empty one is shown as "-". */
void table_add(struct table *table, const char *text);

/* Adds a line between the rows. The text is made printable. */
void table_add_line(struct table *table, const char *format, ...) _printf_(2, 3);

/* Prints and frees the table. Returns -ENOMEM if a cell could not be added. */
int table_print(struct table *table, FILE *f);
