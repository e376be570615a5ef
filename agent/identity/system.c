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

static int read_tables(struct system_search *search)
{
	struct mounts *tables = search->tables;
	int r = mounts_read(search->view, "1", &tables[TABLE_INIT]);

	return r < 0 ? r : mounts_read(search->view, "self", &tables[TABLE_SELF]);
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
		resolve_roots(&search, &search.tables[TABLE_INIT]);
		resolve_roots(&search, &search.tables[TABLE_SELF]);
	}
	for (size_t i = 0; i < TABLES; i++)
		mounts_done(&search.tables[i]);
	*ret = disks;
}
