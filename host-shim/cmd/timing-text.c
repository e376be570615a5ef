/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the time went, for a person. */
#include "timing-text.h"

#include <string.h>

#include "output.h"
#include "table.h"

/* Of a line that stands for the whole attach, in characters. */
#define BAR_WIDTH 32

#define NUMBER_TEXT_SIZE 32

const char *timing_problem(const struct hotslot_times *times)
{
	switch (times->told) {
	case HOTSLOT_TOLD_NOTHING:
		return "the agent in the guest is of before there were times";
	case HOTSLOT_TOLD_IMPOSSIBLE:
		return "what the guest says of its times cannot be";
	case HOTSLOT_TOLD:
		break;
	}
	return NULL;
}

/* The column in which a moment is. */
static size_t column_of(double at, double total)
{
	return at < total ? (size_t)(at / total * BAR_WIDTH + 0.5) : BAR_WIDTH;
}

/* Blanks until the phase begins, and '#' as long as it lasts; one at least. */
static void format_bar(
	const struct hotslot_phase *phase, double total, char ret[static BAR_WIDTH + 1])
{
	size_t start = column_of(phase->start, total);
	size_t end = column_of(phase->start + phase->duration, total);

	start = start < BAR_WIDTH ? start : BAR_WIDTH - 1;
	end = end > start ? end : start + 1;
	memset(ret, ' ', start);
	memset(ret + start, '#', end - start);
	ret[end] = '\0';
}

static void print_phase(const struct hotslot_phase *phase, double total, FILE *f)
{
	char bar[BAR_WIDTH + 1];

	if (!phase->known) {
		fprintf(f, "%-8s %11s %11s\n", phase->name, "-", "-");
		return;
	}
	format_bar(phase, total, bar);
	fprintf(f, "%-8s %11.3f %11.3f  %s\n", phase->name, phase->start, phase->duration, bar);
}

void timing_print_attach(const struct hotslot_disk *disk, FILE *f)
{
	const struct hotslot_times *times = disk->times;

	fprintf(f, "slot %-5d %9s %11s\n", disk->slot, "START/ms", "TOOK/ms");
	for (size_t i = 0; i < times->n_phases; i++)
		print_phase(&times->phases[i], times->total, f);
	fprintf(f, "%-8s %11.3f %11.3f\n", "total", 0.0, times->total);
	if (times->error > 0)
		fprintf(f, "what the guest tells is right to %.3f ms\n", times->error);
}

/* ---- disks that are there ---- */

static const char *const headings[] = { "SLOT", "NAME", "AGE", "KERNEL/ms", "UDEV/ms", "LINK/ms",
	"REPORT/ms", "TOTAL/ms", "SERIAL" };
#define RIGHT_COLUMNS 0xfd /* all but NAME and SERIAL */

/* As old as a person would say it is. */
static void format_age(double ms, char ret[static NUMBER_TEXT_SIZE])
{
	unsigned long long seconds = (unsigned long long)(ms / 1e3);

	if (seconds < 60)
		snprintf(ret, NUMBER_TEXT_SIZE, "%.1fs", ms / 1e3);
	else if (seconds < 3600)
		snprintf(ret, NUMBER_TEXT_SIZE, "%llum", seconds / 60);
	else if (seconds < 48 * 3600ULL)
		snprintf(ret, NUMBER_TEXT_SIZE, "%lluh", seconds / 3600);
	else
		snprintf(ret, NUMBER_TEXT_SIZE, "%llud", seconds / 86400);
}

static void add_ms(struct table *table, bool known, double ms)
{
	char text[NUMBER_TEXT_SIZE];

	snprintf(text, sizeof(text), "%.3f", ms);
	table_add(table, known ? text : NULL);
}

static void add_times(struct table *table, const struct hotslot_times *times)
{
	char age[NUMBER_TEXT_SIZE] = "";

	if (times->age >= 0)
		format_age(times->age, age);
	table_add(table, age);
	for (size_t i = 0; i < times->n_phases; i++)
		add_ms(table, times->phases[i].known, times->phases[i].duration);
	add_ms(table, times->total > 0, times->total);
}

static void add_disk(struct table *table, const struct hotslot_disk *disk)
{
	char slot[NUMBER_TEXT_SIZE] = "";

	if (disk->slot >= 0)
		snprintf(slot, sizeof(slot), "%d", disk->slot);
	table_add(table, slot);
	table_add(table, disk->name);
	if (disk->times)
		add_times(table, disk->times);
	else
		for (size_t i = 2; i + 1 < ARRAY_SIZE(headings); i++)
			table_add(table, NULL);
	table_add(table, disk->serial);
}

int timing_print_list(const struct selection *selection, FILE *f)
{
	struct table *table = table_new(ARRAY_SIZE(headings), RIGHT_COLUMNS);

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(headings); i++)
		table_add(table, headings[i]);
	for (size_t i = 0; i < selection->n_disks; i++)
		add_disk(table, selection->disks[i]);
	return table_print(table, f);
}
