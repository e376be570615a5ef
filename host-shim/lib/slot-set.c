/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set of slots, a bit each, and its text: "0-3,17". Pure. */
#include "slot-set.h"

#include <string.h>

int slot_set_next(const struct slot_set *set, unsigned from)
{
	while (from < SLOT_COUNT) {
		uint64_t word = set->words[from / 64] >> from % 64;

		if (word)
			return (int)from + __builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return -1;
}

size_t slot_set_count(const struct slot_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set->words); i++)
		count += (size_t)__builtin_popcountll(set->words[i]);
	return count;
}

/* A slot or a range of them. */
static int parse_range(char *text, struct slot_set *set)
{
	char *last = strchr(text, '-');
	uint64_t from, to;

	if (last)
		*last++ = '\0';
	if (parse_u64(text, SLOT_MAX, &from) < 0)
		return -EBADMSG;
	to = from;
	if (last && (parse_u64(last, SLOT_MAX, &to) < 0 || to < from))
		return -EBADMSG;
	for (; from <= to; from++)
		slot_set_add(set, (unsigned)from);
	return 0;
}

int slot_set_parse(const char *text, struct slot_set *ret)
{
	_cleanup_free_ char *copy = strdup(text);
	struct slot_set set = {};
	char *rest = copy, *range;

	if (!copy)
		return -ENOMEM;
	while ((range = strsep(&rest, ","))) {
		int r = parse_range(range, &set);

		if (r < 0)
			return r;
	}
	*ret = set;
	return 0;
}

static unsigned end_of_range(const struct slot_set *set, unsigned slot)
{
	while (slot < SLOT_MAX && slot_set_has(set, slot + 1))
		slot++;
	return slot;
}

int slot_set_format(const struct slot_set *set, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (int slot = slot_set_next(set, 0); slot >= 0;) {
		unsigned last = end_of_range(set, (unsigned)slot);

		fprintf(f, ftell(f) > 0 ? ",%d" : "%d", slot);
		if (last > (unsigned)slot)
			fprintf(f, "-%u", last);
		slot = slot_set_next(set, last + 1);
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = steal_pointer(text);
	return 0;
}
