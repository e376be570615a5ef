/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel modules of the appliance, and the lists by which hotslot-init inserts them. A list
 * has a module a line, in an order in which each finds what it depends on. A hyphen before it means
 * that it may fail. What stands before an empty line the agent needs for its port; the rest can
 * come when it has been started. */
#include "drivers.h"

#include <limits.h>
#include <string.h>
#include <sys/utsname.h>

#include "log.h"
#include "module-order.h"
#include "unpack.h"
#include "util.h"

/* Always there, and in this order: the agent's port first, so that it can say hello early. */
static const char *const own_modules[] = { "virtio_pci", "virtio_console", "virtio_scsi",
	"sd_mod" };
#define PORT_MODULES 2 /* of them */

/* What an appliance's root disk may have; inserted only if the root disk has it. Those that a
 * kernel lacks are left out, unless they were asked for. */
#define USUAL_ROOT_MODULES "ext4,squashfs,erofs"

struct list {
	struct image *image;
	const char *tree;
	const char *release;
	size_t n, n_port; /* modules in it; so many stand before the empty line, 0: there is none */
	char *text;
	size_t length;
	FILE *stream;
};

/* A compressed one is unpacked here, so that the guest need not: "x.ko.xz" is "x.ko" there. */
static int add_module(struct image *image, const char *place, const char *source, bool compressed)
{
	_cleanup_free_ char *data = NULL;
	size_t length;
	int r;

	if (!compressed)
		return image_add_file(image, place, source, 0644);
	r = unpack_file(source, &data, &length);
	return r < 0 ? r : image_add_data(image, place, data, length);
}

/* ".xz" of "….ko.xz", or its end. */
static const char *compression_of(const char *path)
{
	const char *end = path + strlen(path), *suffix = strrchr(path, '.');

	return suffix && strcmp(suffix, ".ko") ? suffix : end;
}

static int list_module(void *data, const char *path, bool soft)
{
	struct list *list = data;
	const char *compression = compression_of(path);
	int length = (int)(compression - path);
	char source[PATH_MAX], place[PATH_MAX];

	if ((size_t)snprintf(source, sizeof(source), "%s/%s", list->tree, path) >= sizeof(source) ||
		(size_t)snprintf(place, sizeof(place), "/usr/lib/modules/%s/%.*s", list->release,
			length, path) >= sizeof(place))
		return -ENAMETOOLONG;
	if (list->n_port > 0 && list->n++ == list->n_port)
		fputc('\n', list->stream);
	fprintf(list->stream, "%s%.*s\n", soft ? "-" : "", length, path);
	return add_module(list->image, place, source, *compression != '\0');
}

static int add_list(struct image *image, const struct module_tree *tree, const char *path,
	const char *const *names, size_t n, size_t n_port)
{
	struct list list = {
		.image = image,
		.tree = tree->path,
		.release = module_tree_release(tree),
		.n_port = n_port,
	};
	int r;

	list.stream = open_memstream(&list.text, &list.length);
	if (!list.stream)
		return -errno;
	r = module_order(tree, names, n, list_module, &list);
	if (fclose(list.stream) != 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = image_add_text(image, path, list.text);
	free(list.text);
	return r;
}

/* A list for each kind of root file system, "/etc/hotslot/modules.ext4". */
static int add_root_lists(
	const struct appliance *appliance, const struct module_tree *tree, struct image *image)
{
	const char *wanted = appliance->root_modules;
	_cleanup_free_ char *names = strdup(wanted ? wanted : USUAL_ROOT_MODULES);
	char *rest = names, *name;
	int r = 0;

	if (!names)
		return -ENOMEM;
	if (!strcmp(names, "none"))
		return 0;
	while (r == 0 && (name = strsep(&rest, ","))) {
		char path[PATH_MAX];

		if (!*name || (!wanted && !module_tree_find_file(tree, name) &&
				      !module_tree_is_builtin(tree, name)))
			continue;
		snprintf(path, sizeof(path), "/etc/hotslot/modules.%s", name);
		r = add_list(image, tree, path, (const char *const *)&name, 1, 0);
	}
	return r;
}

static int count(void *data, const char *path, bool soft)
{
	size_t *n = data;

	(void)path;
	(void)soft;
	++*n;
	return 0;
}

/* The main list: ours, then what the user asked for. */
static int add_main_list(
	const struct appliance *appliance, const struct module_tree *tree, struct image *image)
{
	size_t n = ARRAY_SIZE(own_modules) + appliance->n_modules;
	_cleanup_free_ const char **names = calloc(n, sizeof(*names));
	size_t n_port = 0;
	int r;

	if (!names)
		return -ENOMEM;
	r = module_order(tree, own_modules, PORT_MODULES, count, &n_port);
	if (r < 0)
		return r;
	memcpy(names, own_modules, sizeof(own_modules));
	for (size_t i = 0; i < appliance->n_modules; i++)
		names[ARRAY_SIZE(own_modules) + i] = appliance->modules[i];
	return add_list(image, tree, "/etc/hotslot/modules", names, n, n_port);
}

static int open_tree(const struct appliance *appliance, struct module_tree **ret)
{
	char path[PATH_MAX];
	struct utsname name;

	if (appliance->module_tree)
		return module_tree_open(appliance->module_tree, ret);
	uname(&name);
	if ((size_t)snprintf(path, sizeof(path), "/lib/modules/%s",
		    appliance->release ? appliance->release : name.release) >= sizeof(path))
		return -ENAMETOOLONG;
	return module_tree_open(path, ret);
}

int drivers_add(const struct appliance *appliance, struct image *image)
{
	_cleanup_(module_tree_freep) struct module_tree *tree = NULL;
	char directory[PATH_MAX];
	int r = open_tree(appliance, &tree);

	if (r < 0)
		return r;
	/* Even if all is built in: hotslot-init takes it as a sign of the right kernel. */
	snprintf(directory, sizeof(directory), "/usr/lib/modules/%s", module_tree_release(tree));
	r = image_add_directory(image, directory, 0755);
	if (r == 0)
		r = add_main_list(appliance, tree, image);
	if (r == 0)
		r = add_root_lists(appliance, tree, image);
	return r;
}
