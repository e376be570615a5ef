/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order in which modules have to be inserted. */
#include "module-order.h"

#include <libkmod.h>
#include <limits.h>
#include <string.h>

#include "log.h"
#include "util.h"

/* What module_order() is at. */
struct resolution {
	const struct module_tree *tree;
	bool *visited; /* one for each file */
	bool soft;     /* on the way of a soft dependency */
	module_fn fn;
	void *data;
};

static int read_info(
	const struct module_tree *tree, const struct module_file *file, struct kmod_list **ret)
{
	struct kmod_module *module;
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", tree->path, file->path) >= sizeof(path))
		return -ENAMETOOLONG;
	*ret = NULL;
	r = kmod_module_new_from_path(tree->kmod, path, &module);
	if (r < 0)
		return r;
	r = kmod_module_get_info(module, ret);
	kmod_module_unref(module);
	return r;
}

static int visit(struct resolution *resolution, const struct module_file *file);

static bool has_alias(struct kmod_list *info, const char *alias)
{
	struct kmod_list *item;

	kmod_list_foreach(item, info)
	{
		if (!strcmp(kmod_module_info_get_key(item), "alias") &&
			!strcmp(kmod_module_info_get_value(item), alias))
			return true;
	}
	return false;
}

/* All modules of that alias: several can offer one thing, some only on some processors. */
static int visit_alias(struct resolution *resolution, const char *alias)
{
	const struct module_tree *tree = resolution->tree;
	int r = 0;

	for (size_t i = 0; i < tree->count && r == 0; i++) {
		struct kmod_list *info;

		if (read_info(tree, &tree->files[i], &info) < 0)
			continue;
		if (has_alias(info, alias))
			r = visit(resolution, &tree->files[i]);
		kmod_module_info_free_list(info);
	}
	return r;
}

/* "pre: a b post: c": names or aliases, such as "crc32c". Like modprobe, goes on without one that
 * there is not. */
static int visit_soft(struct resolution *resolution, char *names)
{
	bool soft = resolution->soft;
	char *name;
	int r = 0;

	resolution->soft = true;
	while (r == 0 && (name = strsep(&names, " \t\n"))) {
		const struct module_file *file = module_tree_find_file(resolution->tree, name);

		if (!strcmp(name, "post:"))
			break; /* nothing that we load has one that matters */
		if (!*name || !strcmp(name, "pre:") ||
			module_tree_is_builtin(resolution->tree, name))
			continue;
		r = file ? visit(resolution, file) : visit_alias(resolution, name);
	}
	resolution->soft = soft;
	return r;
}

static int visit_needed(struct resolution *resolution, const char *by, char *names)
{
	const struct module_file *file;
	char *name;

	while ((name = strsep(&names, ","))) {
		int r;

		if (!*name)
			continue;
		file = module_tree_find_file(resolution->tree, name);
		if (!file && module_tree_is_builtin(resolution->tree, name))
			continue;
		if (!file) {
			log_error("module %s needs %s, which is not in %s", by, name,
				resolution->tree->path);
			return -ENOENT;
		}
		r = visit(resolution, file);
		if (r)
			return r;
	}
	return 0;
}

static int visit_dependencies(
	struct resolution *resolution, const struct module_file *file, struct kmod_list *info)
{
	struct kmod_list *item;
	int r = 0;

	kmod_list_foreach(item, info)
	{
		const char *key = kmod_module_info_get_key(item);
		_cleanup_free_ char *value = strdup(kmod_module_info_get_value(item));

		if (!value)
			return -ENOMEM;
		if (!strcmp(key, "depends"))
			r = visit_needed(resolution, file->name, value);
		else if (!strcmp(key, "softdep"))
			r = visit_soft(resolution, value);
		if (r)
			return r;
	}
	return 0;
}

static int visit(struct resolution *resolution, const struct module_file *file)
{
	struct kmod_list *info;
	int r;

	if (resolution->visited[file - resolution->tree->files])
		return 0;
	resolution->visited[file - resolution->tree->files] = true;
	r = read_info(resolution->tree, file, &info);
	if (r < 0) {
		log_error("cannot read the module %s/%s: %s", resolution->tree->path, file->path,
			strerror(-r));
		return r;
	}
	r = visit_dependencies(resolution, file, info);
	kmod_module_info_free_list(info);
	return r ? r : resolution->fn(resolution->data, file->path, resolution->soft);
}

int module_order(const struct module_tree *tree, const char *const *names, size_t n, module_fn fn,
	void *data)
{
	_cleanup_free_ bool *visited = calloc(tree->count + 1, sizeof(*visited));
	struct resolution resolution = { .tree = tree, .visited = visited, .fn = fn, .data = data };

	if (!visited)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct module_file *file = module_tree_find_file(tree, names[i]);
		int r;

		if (!file && module_tree_is_builtin(tree, names[i]))
			continue;
		if (!file) {
			log_error("module %s is neither in %s nor built in to that kernel",
				names[i], tree->path);
			return -ENOENT;
		}
		r = visit(&resolution, file);
		if (r)
			return r;
	}
	return 0;
}
