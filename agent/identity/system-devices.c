/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices under the root file system, down to whole disks. */
#include "system-search.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util.h"

static void add_disk(struct system_disks *disks, dev_t devnum)
{
	if (system_disks_contain(disks, devnum))
		return;
	if (disks->n == SYSTEM_DISKS_MAX)
		disks->undecided = true;
	else
		disks->devnums[disks->n++] = devnum;
}

void system_search_fail(struct system_search *search, int r)
{
	search->disks->undecided = true;
	if (is_shortage(r))
		search->disks->error = r;
}

/* One layer deeper, on the mount with this number. */
bool system_search_enter(struct system_search *search, dev_t mounted)
{
	if (search->depth++ >= SYSTEM_DEPTH_MAX)
		return false;
	search->mounted[search->depth - 1] = mounted;
	return true;
}

static void resolve_device(struct system_search *search, const char *directory);

/* Resolves each device that NAME (a "slaves" or "devices" directory) links to. Returns how many. */
int system_search_members(struct system_search *search, const char *directory, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	int n = 0, r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return -ENAMETOOLONG;
	dir = open_directory_at(search->view->sys, path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = view_find_block(search->view, entry->d_name, target, sizeof(target));
		if (r < 0)
			return r;
		resolve_device(search, target);
		n++;
	}
	return errno ? -errno : n;
}

/* A loop device stands on what its file stands on. Returns 1 if it is one. */
static int resolve_loop(struct system_search *search, const char *directory)
{
	_cleanup_free_ char *file = NULL;
	char path[PATH_MAX];
	size_t length;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/loop/backing_file", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_file_at(search->view->sys, path, PATH_MAX, &file, &length);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	system_search_path(search, file, strcspn(file, "\n"), USE_FILE);
	return 1;
}

static int read_devnum(const struct view *view, const char *directory, dev_t *ret)
{
	char path[PATH_MAX], text[DEVNUM_TEXT_SIZE];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/dev", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	r = read_attr_at(view->sys, path, text, sizeof(text));
	return r < 0 ? r : devnum_parse(text, ret);
}

static bool is_partition(const struct view *view, const char *directory)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/partition", directory) < sizeof(path) &&
	       faccessat(view->sys, path, F_OK, 0) == 0;
}

/* Whether it is nothing by itself: one without members has lost them, or does not tell. */
static bool is_stacked(const char *directory)
{
	static const char *const prefixes[] = { "dm-", "md", "bcache" };
	const char *name = strrchr(directory, '/');

	for (size_t i = 0; name && i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name + 1, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Resolves the block device in DIRECTORY of sysfs; what fails leaves it undecided. */
static void resolve_device(struct system_search *search, const char *directory)
{
	char parent[PATH_MAX];
	dev_t devnum;
	int r = -ELOOP;

	if (search->disks->undecided)
		return;
	if (!system_search_enter(search, 0) || strlen(directory) >= sizeof(parent))
		goto done;
	if (is_partition(search->view, directory)) {
		strcpy(parent, directory);
		*strrchr(parent, '/') = '\0';
		resolve_device(search, parent);
		search->depth--;
		return;
	}
	r = system_search_members(search, directory, "slaves");
	if (r == 0)
		r = resolve_loop(search, directory);
	if (r == 0)
		r = is_stacked(directory) ? -ENODEV : read_devnum(search->view, directory, &devnum);
	else if (r > 0)
		goto done;
	if (r == 0)
		add_disk(search->disks, devnum);
done:
	if (r < 0)
		system_search_fail(search, r);
	search->depth--;
}

void system_search_devnum(struct system_search *search, dev_t devnum)
{
	char name[32], directory[PATH_MAX];
	int r;

	snprintf(name, sizeof(name), "%u:%u", major(devnum), minor(devnum));
	r = view_find_block(search->view, name, directory, sizeof(directory));
	if (r < 0)
		system_search_fail(search, r);
	else
		resolve_device(search, directory);
}
