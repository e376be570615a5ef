/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts that a process sees. */
#include "mounts.h"

#include <string.h>

#include "util.h"

/* A host with thousands of mounts has a megabyte of them. */
#define MOUNTINFO_MAX (16 * 1024 * 1024)

void mounts_done(struct mounts *mounts)
{
	free(mounts->mounts);
	free(mounts->text);
}

static int parse_lines(struct mounts *mounts, size_t max)
{
	char *rest = mounts->text, *line;

	while ((line = strsep(&rest, "\n")) && mounts->n < max) {
		int r;

		if (!*line)
			continue;
		r = mount_parse(line, &mounts->mounts[mounts->n]);
		if (r < 0)
			return r;
		mounts->n++;
	}
	return 0;
}

int mounts_read(const struct view *view, const char *process, struct mounts *ret)
{
	_cleanup_(mounts_done) struct mounts mounts = { .process = process };
	size_t length, lines = 1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "%s/mountinfo", process);
	r = read_file_at(view->proc, path, MOUNTINFO_MAX, &mounts.text, &length);
	if (r < 0)
		return r;
	for (size_t i = 0; i < length; i++)
		lines += mounts.text[i] == '\n';
	mounts.mounts = calloc(lines, sizeof(*mounts.mounts));
	if (!mounts.mounts)
		return -ENOMEM;
	r = parse_lines(&mounts, lines);
	if (r < 0)
		return r;
	*ret = mounts;
	mounts = (struct mounts){};
	return 0;
}

const struct mount *mounts_find_id(const struct mounts *mounts, int id)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->mounts[i].id == id)
			return &mounts->mounts[i];
	return NULL;
}

bool mount_is_above(const struct mount *mount, const char *path, size_t length)
{
	size_t n = strlen(mount->point);

	if (n == 1)
		return length > 0 && *path == '/';
	return n <= length && !strncmp(mount->point, path, n) && (n == length || path[n] == '/');
}

static bool is_one_of(const char *type, const char *const *types)
{
	for (; *types; types++)
		if (!strcmp(type, *types))
			return true;
	return false;
}

static const char *const memory[] = { "rootfs", "tmpfs", "ramfs", "devtmpfs", NULL };
static const char *const elsewhere[] = { "nfs", "nfs4", "9p", "virtiofs", NULL };

bool mount_is_in_memory(const struct mount *mount)
{
	return is_one_of(mount->type, memory);
}

bool mount_type_is_diskless(const char *type)
{
	return is_one_of(type, memory) || is_one_of(type, elsewhere);
}
