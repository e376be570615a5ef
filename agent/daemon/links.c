/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links under /dev/disk and in mirrors of it: made where the agent owns them, checked
 * everywhere. */
#include "links.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

#define DEFAULT_DIRECTORY "/dev"

/* Whether FD is on the same file system as the root directory. */
static bool is_on_root(int fd)
{
	struct stat root, st;

	return stat("/", &root) == 0 && fstat(fd, &st) == 0 && root.st_dev == st.st_dev;
}

int links_open(const char *directory, bool owner, struct links *ret)
{
	const char *path = directory ? directory : DEFAULT_DIRECTORY;
	_cleanup_close_ int dev = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dev < 0)
		return -errno;
	if (strlen(path) >= sizeof(ret->directory))
		return -ENAMETOOLONG;
	if (owner && !directory && is_on_root(dev))
		return -EROFS;
	*ret = (struct links){ .dev = steal_fd(&dev), .owner = owner };
	strcpy(ret->directory, path);
	return 0;
}

void links_close(struct links *links)
{
	for (size_t i = 0; i < links->n_mirrors; i++)
		mirror_free(links->mirrors[i]);
	links->n_mirrors = 0;
	closep(&links->dev);
	links->dev = -1;
}

int links_add_mirror(struct links *links, const char *directory)
{
	int r;

	if (links->n_mirrors == MIRRORS_MAX)
		return -E2BIG;
	r = mirror_new(directory, links->dev, &links->mirrors[links->n_mirrors]);
	if (r < 0)
		return r;
	mirror_look(links->mirrors[links->n_mirrors++], false);
	return 0;
}

bool links_look_at_mirrors(const struct links *links, bool again)
{
	bool changed = false;

	for (size_t i = 0; i < links->n_mirrors; i++)
		changed |= mirror_look(links->mirrors[i], again);
	return changed;
}

int links_make_trees(const struct links *links)
{
	return links->owner ? link_make_trees_at(links->dev) : 0;
}

int links_make(const struct links *links, const char *name, const char *node, dev_t devnum)
{
	bool wanted = links->owner || link_check_at(links->dev, name, devnum);

	for (size_t i = 0; i < links->n_mirrors; i++) {
		if (wanted)
			mirror_make(links->mirrors[i], name, node, devnum);
		else
			mirror_remove(links->mirrors[i], name, node);
	}
	return links->owner ? link_make_at(links->dev, name, node) : 0;
}

void links_remove(const struct links *links, const char *name, const char *node)
{
	if (links->owner)
		link_remove_at(links->dev, name, node);
	for (size_t i = 0; i < links->n_mirrors; i++)
		mirror_remove(links->mirrors[i], name, node);
}

void links_refresh_node(const struct links *links, const char *node, dev_t devnum)
{
	for (size_t i = 0; i < links->n_mirrors; i++)
		mirror_refresh_node(links->mirrors[i], node, devnum);
}

void links_remove_node(const struct links *links, const char *node, dev_t devnum)
{
	for (size_t i = 0; i < links->n_mirrors; i++)
		mirror_remove_node(links->mirrors[i], node, devnum);
}

bool links_check(const struct links *links, const char *name, dev_t devnum)
{
	if (!link_check_at(links->dev, name, devnum))
		return false;
	for (size_t i = 0; i < links->n_mirrors; i++)
		if (!mirror_check(links->mirrors[i], name, devnum))
			return false;
	return true;
}

void links_prune(const struct links *links, const struct link_pruning *pruning)
{
	struct link_pruning main = *pruning;

	/* The nodes there are the kernel's. */
	main.keep_node = NULL;
	if (links->owner)
		link_prune_at(links->dev, &main);
	for (size_t i = 0; i < links->n_mirrors; i++)
		mirror_prune(links->mirrors[i], pruning);
}
