/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of aligned columns, printed once all of it is known. */
#include "table.h"

#include <stdarg.h>
#include <string.h>
#include <wchar.h>

#include "output.h"

/* A wider cell does not widen its column: it moves the rest of its row. */
#define COLUMN_MAX 40

#define GAP "  "

struct table {
	size_t n_columns;
	unsigned right;
	char **cells; /* a line in between takes a row of its own: the text, then NULLs */
	size_t n_cells, allocated;
	bool failed;
};

struct table *table_new(size_t n, unsigned right)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		*table = (struct table){ .n_columns = n, .right = right };
	return table;
}

static void push(struct table *table, char *cell)
{
	if (table->n_cells == table->allocated) {
		size_t size = table->allocated ? 2 * table->allocated : 64;
		char **cells = realloc(table->cells, size * sizeof(*cells));

		if (!cells) {
			table->failed = true;
			free(cell);
			return;
		}
		table->cells = cells;
		table->allocated = size;
	}
	table->cells[table->n_cells++] = cell;
}

void table_add(struct table *table, const char *text)
{
	char *cell = printable(text && *text ? text : "-");

	if (!cell)
		table->failed = true;
	push(table, cell);
}

void table_add_line(struct table *table, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		table->failed = true;
	}
	va_end(args);
	table_add(table, text);
	for (size_t i = 1; i < table->n_columns; i++)
		push(table, NULL);
}

/* In terminal columns. */
static size_t text_width(const char *text)
{
	wchar_t wide[256];
	size_t n = mbstowcs(wide, text, ARRAY_SIZE(wide));
	int width = n < ARRAY_SIZE(wide) ? wcswidth(wide, n) : -1;

	return width < 0 ? strlen(text) : (size_t)width;
}

static bool is_line(const struct table *table, size_t row)
{
	return table->n_columns > 1 && !table->cells[row + 1];
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t max = 0;

	for (size_t row = 0; row < table->n_cells; row += table->n_columns) {
		size_t width;

		if (is_line(table, row))
			continue;
		width = text_width(table->cells[row + column]);
		if (width > max && width <= COLUMN_MAX)
			max = width;
	}
	return max;
}

static void print_cell(const struct table *table, size_t row, size_t column, size_t width, FILE *f)
{
	const char *text = table->cells[row + column];
	size_t own = text_width(text);
	int pad = own < width ? (int)(width - own) : 0;

	if (table->right & 1U << column)
		fprintf(f, "%*s%s", pad, "", text);
	else if (column + 1 < table->n_columns)
		fprintf(f, "%s%*s", text, pad, "");
	else
		fputs(text, f); /* no blanks at the end of a line */
	fputs(column + 1 < table->n_columns ? GAP : "\n", f);
}

static void print_rows(const struct table *table, const size_t *widths, FILE *f)
{
	for (size_t row = 0; row < table->n_cells; row += table->n_columns) {
		if (is_line(table, row)) {
			fprintf(f, "%s\n", table->cells[row]);
			continue;
		}
		for (size_t i = 0; i < table->n_columns; i++)
			print_cell(table, row, i, widths[i], f);
	}
}

int table_print(struct table *table, FILE *f)
{
	_cleanup_free_ size_t *widths = calloc(table->n_columns, sizeof(*widths));
	int r = table->failed || !widths ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < table->n_columns; i++)
		widths[i] = column_width(table, i);
	if (r == 0)
		print_rows(table, widths, f);
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
	return r;
}
