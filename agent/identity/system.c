/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks the root file system stands on. */
#include "system.h"

#include <string.h>

#include "root-await.h"
#include "system-search.h"
#include "util.h"

bool system_disks_contain(const struct system_disks *disks, dev_t devnum)
{
	for (size_t i = 0; i < disks->n; i++)
		if (disks->devnums[i] == devnum)
			return true;
	return false;
}

/* Every mount on "/" counts, also those that another one covers. */
static void resolve_roots(struct system_search *search, const struct mounts *table)
{
	bool found = false;

	for (size_t i = 0; i < table->n; i++) {
		if (strcmp(table->mounts[i].point, "/"))
			continue;
		system_search_mount(search, &table->mounts[i]);
		found = true;
	}
	if (!found)
		search->disks->undecided = true;
}

/* memcmp(), which in a small C library goes byte by byte. */
static bool is_same(const char *a, const char *b, size_t length)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= length; i += sizeof(uint64_t)) {
		uint64_t x, y;

		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			return false;
	}
	return memcmp(a + i, b + i, length - i) == 0;
}

/* The same text is the same table: mounts of another namespace have other ids. */
static int read_tables(struct system_search *search)
{
	_cleanup_free_ char *init = NULL, *self = NULL;
	struct mounts *tables = search->tables;
	size_t length, self_length;
	int r;

	r = mounts_read(search->view, "1", &init, &length);
	if (r == 0)
		r = mounts_read(search->view, "self", &self, &self_length);
	if (r < 0)
		return r;
	search->n_tables = length == self_length && is_same(init, self, length) ? 1 : TABLES;
	r = mounts_parse("1", steal_pointer(init), length, &tables[TABLE_INIT]);
	if (r == 0 && search->n_tables == TABLES)
		r = mounts_parse("self", steal_pointer(self), self_length, &tables[TABLE_SELF]);
	return r;
}

void system_disks_find(const struct view *view, struct system_disks *ret)
{
	struct system_disks disks = {};
	struct system_search search = { .view = view, .disks = &disks };
	int r = read_tables(&search);

	if (r < 0) {
		system_search_fail(&search, r);
	} else if (root_is_awaited(view, &search.tables[TABLE_INIT])) {
		disks.undecided = true;
	} else {
		for (size_t i = 0; i < search.n_tables; i++)
			resolve_roots(&search, &search.tables[i]);
	}
	for (size_t i = 0; i < TABLES; i++)
		mounts_done(&search.tables[i]);
	*ret = disks;
}
