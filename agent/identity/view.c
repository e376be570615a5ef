/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trees that an identity is read from. */
#include "view.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "util.h"

static int open_tree(const char *root, const char *name)
{
	char path[PATH_MAX];
	int fd, r = path_join(path, sizeof(path), root, name);

	if (r < 0)
		return r;
	/* Not open(): that of a small C library sets O_CLOEXEC once more. */
	fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int view_open(const char *root, struct view *ret)
{
	_cleanup_(view_close) struct view view = VIEW_NONE;

	view.sys = open_tree(root, "sys");
	if (view.sys < 0)
		return view.sys;
	view.proc = open_tree(root, "proc");
	if (view.proc < 0)
		return view.proc;
	view.etc = open_tree(root, "etc");
	view.run = open_tree(root, "run");
	*ret = view;
	view = (struct view)VIEW_NONE;
	return 0;
}

void view_close(struct view *view)
{
	closep(&view->sys);
	closep(&view->proc);
	closep(&view->etc);
	closep(&view->run);
}

/* The length of PATH, of this length, without its last component. */
static size_t parent_length(const char *path, size_t length)
{
	while (length > 0 && path[--length] != '/')
		;
	return length;
}

int view_read_link(const struct view *view, const char *path, char *ret, size_t size)
{
	size_t base = parent_length(path, strlen(path)), length;
	const char *rest;
	char target[PATH_MAX];
	ssize_t n;

	n = readlinkat(view->sys, path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	/* Sysfs links are relative: they climb to /sys and descend again. */
	if (target[0] == '/')
		return -EBADMSG;
	for (rest = target; !strncmp(rest, "../", 3); rest += 3) {
		if (base == 0)
			return -EBADMSG;
		base = parent_length(path, base);
	}
	length = strlen(rest);
	if (base > 0)
		base++;
	if (base + length >= size)
		return -ENAMETOOLONG;
	memcpy(ret, path, base); /* with its slash */
	memcpy(ret + base, rest, length + 1);
	return 0;
}

int view_find_block(const struct view *view, const char *name, char *ret, size_t size)
{
	char path[64];
	int r;

	if (!*name || strchr(name, '/') || name[0] == '.')
		return -ENODEV;
	r = snprintf(
		path, sizeof(path), strchr(name, ':') ? "dev/block/%s" : "class/block/%s", name);
	if ((size_t)r >= sizeof(path))
		return -ENODEV;
	r = view_read_link(view, path, ret, size);
	return r == -ENOENT ? -ENODEV : r;
}
