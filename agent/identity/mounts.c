/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts that a process sees. */
#include "mounts.h"

#include <string.h>

#include "util.h"

/* A host with thousands of mounts has a megabyte of them. */
#define MOUNTINFO_MAX (16 * 1024 * 1024)

/* The shortest line: each field has a byte, the device number three, and a blank or newline. */
#define MOUNT_LINE_MIN (sizeof("1 1 0:1 / / r - t s o\n") - 1)

void mounts_done(struct mounts *mounts)
{
	free(mounts->mounts);
	free(mounts->text);
}

int mounts_read(const struct view *view, const char *process, char **ret, size_t *ret_length)
{
	char path[32];
	int r = path_join(path, sizeof(path), process, "mountinfo");

	return r < 0 ? r : read_file_at(view->proc, path, MOUNTINFO_MAX, ret, ret_length);
}

int mounts_parse(const char *process, char *text, size_t length, struct mounts *ret)
{
	size_t room = length / MOUNT_LINE_MIN + 1;
	char *end = text + length;

	*ret = (struct mounts){ .process = process, .text = text };
	ret->mounts = calloc(room, sizeof(*ret->mounts));
	if (!ret->mounts)
		return -ENOMEM;
	while (text < end) {
		char *line = text, *newline = memchr(text, '\n', (size_t)(end - text));
		int r;

		text = newline ? newline + 1 : end;
		if (line == newline)
			continue;
		/* Lines with empty fields are shorter. */
		r = ret->n < room ? mount_parse(line, &ret->mounts[ret->n]) : -EBADMSG;
		if (r < 0)
			return r;
		ret->n++;
	}
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
