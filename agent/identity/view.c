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
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
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

/* Drops the last component of PATH, in place. */
static void drop_component(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	else
		*path = '\0';
}

int view_read_link(const struct view *view, const char *path, char *ret, size_t size)
{
	char target[PATH_MAX], base[PATH_MAX];
	const char *rest = target;
	ssize_t n;

	n = readlinkat(view->sys, path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	/* Sysfs links are relative: they climb to /sys and descend again. */
	if (target[0] == '/' || strlen(path) >= sizeof(base))
		return -EBADMSG;
	strcpy(base, path);
	drop_component(base);
	while (!strncmp(rest, "../", 3)) {
		if (!*base)
			return -EBADMSG;
		drop_component(base);
		rest += 3;
	}
	if (*base)
		return path_join(ret, size, base, rest);
	if (strlen(rest) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, rest);
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
