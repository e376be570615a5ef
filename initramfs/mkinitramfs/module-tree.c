/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules of one kernel and what each depends on. */
#include "module-tree.h"

#include <fcntl.h>
#include <fts.h>
#include <libkmod.h>
#include <limits.h>
#include <string.h>

#include "log.h"
#include "util.h"

/* modules.builtin of a kernel with everything built in is some 200 KiB. */
#define BUILTIN_MAX (16 * 1024 * 1024)

/* The kernel's own limit of a module's name, MODULE_NAME_LEN, is below this. */
#define NAME_SIZE 128

/* "crc32c-intel.ko.xz" becomes "crc32c_intel". */
static void normalize(const char *s, char *ret)
{
	const char *end = strstr(s, ".ko");
	size_t length = end ? (size_t)(end - s) : strlen(s), i;

	for (i = 0; i < length && i < NAME_SIZE - 1; i++)
		ret[i] = s[i] == '-' ? '_' : s[i];
	ret[i] = '\0';
}

/* Like depmod: what is below updates/ stands in for the kernel's own. */
static int compare_files(const void *a, const void *b)
{
	const struct module_file *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	bool updates_x = !strncmp(x->path, "updates/", strlen("updates/"));
	bool updates_y = !strncmp(y->path, "updates/", strlen("updates/"));

	if (order)
		return order;
	return updates_x != updates_y ? updates_y - updates_x : strcmp(x->path, y->path);
}

const struct module_file *module_tree_find_file(const struct module_tree *tree, const char *name)
{
	size_t low = 0, high = tree->count;
	char normal[NAME_SIZE];

	normalize(name, normal);
	while (low < high) { /* the first of that name */
		size_t middle = low + (high - low) / 2;

		if (strcmp(normal, tree->files[middle].name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tree->count && !strcmp(normal, tree->files[low].name) ? &tree->files[low]
									   : NULL;
}

bool module_tree_is_builtin(const struct module_tree *tree, const char *name)
{
	char normal[NAME_SIZE], line_name[NAME_SIZE];

	normalize(name, normal);
	for (const char *line = tree->builtin; *line;) {
		size_t length = strcspn(line, "\n");
		const char *slash = memrchr(line, '/', length);

		normalize(slash ? slash + 1 : line, line_name);
		if (!strcmp(normal, line_name))
			return true;
		line += length + (line[length] == '\n');
	}
	return false;
}

static int add_file(struct module_tree *tree, const char *path)
{
	char name[NAME_SIZE];
	struct module_file *files;
	struct module_file file;

	files = reallocarray(tree->files, tree->count + 1, sizeof(*files));
	if (!files)
		return -ENOMEM;
	tree->files = files;
	normalize(strrchr(path, '/') + 1, name);
	file.name = strdup(name);
	file.path = strdup(path + strlen(tree->path) + 1);
	if (!file.name || !file.path) {
		free(file.name);
		free(file.path);
		return -ENOMEM;
	}
	tree->files[tree->count++] = file;
	return 0;
}

static int index_files(struct module_tree *tree)
{
	char *const roots[] = { tree->path, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int r = 0;

	if (!fts)
		return -errno;
	/* "build" and "source" are symlinks and are not followed. */
	while (r == 0 && (entry = fts_read(fts))) {
		if (entry->fts_info == FTS_F && strstr(entry->fts_name, ".ko"))
			r = add_file(tree, entry->fts_path);
		else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
			r = -entry->fts_errno;
	}
	fts_close(fts);
	if (tree->count)
		qsort(tree->files, tree->count, sizeof(*tree->files), compare_files);
	return r;
}

static int fill_tree(struct module_tree *tree, const char *path)
{
	static const char *const no_configuration[] = { NULL };
	char builtin[PATH_MAX];
	size_t length;
	int r;

	tree->path = realpath(path, NULL);
	if (!tree->path)
		return -errno;
	if ((size_t)snprintf(builtin, sizeof(builtin), "%s/modules.builtin", tree->path) >=
		sizeof(builtin))
		return -ENAMETOOLONG;
	r = read_file_at(AT_FDCWD, builtin, BUILTIN_MAX, &tree->builtin, &length);
	if (r < 0)
		return r;
	tree->kmod = kmod_new(tree->path, no_configuration);
	return tree->kmod ? index_files(tree) : -ENOMEM;
}

int module_tree_open(const char *path, struct module_tree **ret)
{
	_cleanup_(module_tree_freep) struct module_tree *tree = calloc(1, sizeof(*tree));
	int r = tree ? fill_tree(tree, path) : -ENOMEM;

	if (r < 0) {
		log_error("cannot use %s as the modules of a kernel (lib/modules/RELEASE, with "
			  "modules.builtin in it): %s",
			path, strerror(-r));
		return r;
	}
	*ret = steal_pointer(tree);
	return 0;
}

void module_tree_free(struct module_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->files[i].name);
		free(tree->files[i].path);
	}
	free(tree->files);
	free(tree->builtin);
	free(tree->path);
	kmod_unref(tree->kmod);
	free(tree);
}

const char *module_tree_release(const struct module_tree *tree)
{
	return strrchr(tree->path, '/') + 1;
}
