/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inserts kernel modules by a list that hotslot-mkinitramfs made. */
#include "load.h"

#include <fcntl.h>
#include <libkmod.h>
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>

#include "log.h"
#include "util.h"

/* A thousand modules with paths of 64 bytes. */
#define LIST_MAX 65536

static int insert(struct kmod_ctx *kmod, const char *path)
{
	struct kmod_module *module;
	int r = kmod_module_new_from_path(kmod, path, &module);

	if (r < 0)
		return r;
	r = kmod_module_insert_module(module, 0, NULL);
	kmod_module_unref(module);
	return r == -EEXIST ? 0 : r;
}

static int insert_line(struct kmod_ctx *kmod, const char *tree, const char *line)
{
	bool may_fail = *line == '-';
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", tree, line + may_fail) >= sizeof(path))
		return -ENAMETOOLONG;
	r = insert(kmod, path);
	if (r >= 0 || may_fail)
		return 0;
	if (access(path, F_OK) < 0)
		log_error("the kernel module %s is not in the initramfs: build it with --module",
			path);
	else
		log_error("cannot insert the kernel module %s: %s", path, strerror(-r));
	return r;
}

static int insert_list(struct kmod_ctx *kmod, const char *tree, char *list)
{
	char *line;
	int r;

	while ((line = strsep(&list, "\n"))) {
		if (!*line)
			continue;
		r = insert_line(kmod, tree, line);
		if (r < 0)
			return r;
	}
	return 0;
}

int load_modules(const char *list)
{
	static const char *const no_configuration[] = { NULL };
	_cleanup_free_ char *names = NULL;
	struct utsname kernel;
	struct kmod_ctx *kmod;
	char tree[PATH_MAX];
	size_t length;
	int r = read_file_at(AT_FDCWD, list, LIST_MAX, &names, &length);

	if (r == -ENOENT)
		return r;
	if (r < 0) {
		log_error("cannot read %s: %s", list, strerror(-r));
		return r;
	}
	uname(&kernel);
	snprintf(tree, sizeof(tree), "/usr/lib/modules/%s", kernel.release);
	if (access(tree, F_OK) < 0) {
		log_error("this initramfs was built for another kernel than this %s: build it with "
			  "hotslot-mkinitramfs -k %s",
			kernel.release, kernel.release);
		return -EINVAL;
	}
	kmod = kmod_new(tree, no_configuration);
	if (!kmod)
		return -ENOMEM;
	r = insert_list(kmod, tree, names);
	kmod_unref(kmod);
	return r;
}
