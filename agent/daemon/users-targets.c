/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel itself has a disk open for: NVMe and SCSI targets, USB gadgets, the heartbeat of
 * OCFS2. It is no holder to sysfs and mostly claims nothing, but configfs says what was set up. */
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "link-at.h"
#include "users-search.h"
#include "util.h"

/* Of configfs: SIMPLE_ATTR_SIZE in fs/configfs/file.c. */
#define ATTRIBUTE_MAX 4096

/* A line of at most 32 bytes or so for each type that the kernel knows. */
#define FILESYSTEMS_MAX (64 * 1024)

/* MAXSYMLINKS: a path that leads through more leads nowhere. */
#define LINKS_MAX 40

/* Each entry of DIRECTORY whose name starts with PREFIX; an empty DIRECTORY is the one above. */
struct level {
	const char *directory, *prefix;
};

#define LEVELS_MAX 3

/* Where there are items, and what finds the device of the one at PATH, or NULL. */
struct kind {
	struct level levels[LEVELS_MAX + 1];
	const struct stack_node *(*find)(
		const struct search *search, int configfd, const char *path);
};

/* False if that does not fit. */
static bool join(char ret[PATH_MAX], const char *a, const char *b)
{
	const char *slash = *a && *b ? "/" : "";

	return snprintf(ret, PATH_MAX, "%s%s%s", a, slash, b) < PATH_MAX;
}

static char *read_attribute(int configfd, const char *item, const char *name)
{
	char path[PATH_MAX], *data;
	size_t length;

	if (!join(path, item, name) ||
		read_file_at(configfd, path, ATTRIBUTE_MAX, &data, &length) < 0)
		return NULL;
	return data;
}

/* Before it is enabled it has nothing open. That of a SCSI target could once only be written. */
static bool is_disabled(int configfd, const char *item)
{
	_cleanup_free_ char *enable = read_attribute(configfd, item, "enable");

	return enable && enable[0] == '0';
}

static const struct stack_node *find_partition(const struct search *search, unsigned number)
{
	const struct stack_node *node;
	char name[DISK_NAME_SIZE + 16];

	snprintf(name, sizeof(name), "%s%u", search->disk->name, number);
	node = stack_by_name(&search->stack, name);
	return node ? node : &search->stack.nodes[0];
}

/* A link of ours goes while its disk stays, as when a second one comes with the same serial. */
static const struct stack_node *find_by_link(const struct search *search, const char *path)
{
	const char *link = NULL;

	while ((path = strstr(path, "/disk/by-")))
		link = ++path;
	for (int tree = 0; link && tree < LINK_TREES; tree++) {
		char name[LINK_PATH_SIZE], more;
		const char *rest;
		unsigned number;

		if (!link_name(tree, search->disk, NULL, name) ||
			strncmp(link, name, strlen(name)) != 0)
			continue;
		rest = link + strlen(name);
		if (!*rest)
			return &search->stack.nodes[0];
		if (sscanf(rest, "-part%u%c", &number, &more) == 1)
			return find_partition(search, number);
	}
	return NULL;
}

/* "/dev//sdb" is as good as "/dev/sdb". */
static void squeeze_slashes(char *path)
{
	char *to = path;

	for (; *path; path++)
		if (path[0] != '/' || path[1] != '/')
			*to++ = *path;
	*to = '\0';
}

/* From where the agent is, a relative path leads to nothing either. */
static bool leads_to_nothing(const char *path)
{
	struct statx st;

	return path[0] != '/' ||
	       statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0;
}

/* By what PATH says, and the links there still are on the way. */
static const struct stack_node *find_by_text(
	const struct search *search, const char *path, int more_links)
{
	const struct stack_node *node = find_by_link(search, path);
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX];
	ssize_t n;

	if (!node)
		node = stack_by_name(&search->stack, slash ? slash + 1 : path);
	if (node || path[0] != '/' || more_links == 0)
		return node;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return NULL;
	target[n] = '\0';
	return find_by_text(search, target, more_links - 1);
}

/* The kernel looked PATH up when the item was enabled, and still has what it found. */
static const struct stack_node *find_by_path(const struct search *search, char *path)
{
	const struct stack_node *node;

	stack_strip_deleted(path);
	squeeze_slashes(path);
	node = stack_by_node(&search->stack, path);
	return node || !leads_to_nothing(path) ? node : find_by_text(search, path, LINKS_MAX);
}

static const struct stack_node *find_by_attribute(
	const struct search *search, int configfd, const char *item, const char *name)
{
	_cleanup_free_ char *path = read_attribute(configfd, item, name);

	if (!path)
		return NULL;
	path[strcspn(path, "\n")] = '\0';
	return find_by_path(search, path);
}

static const struct stack_node *find_of_nvmet(
	const struct search *search, int configfd, const char *item)
{
	return is_disabled(configfd, item)
		       ? NULL
		       : find_by_attribute(search, configfd, item, "device_path");
}

/* "…  File: PATH  Size: 8388608  Mode: …", fd_show_configfs_dev_params() in
 * drivers/target/target_core_file.c. */
static const struct stack_node *find_of_fileio(
	const struct search *search, int configfd, const char *item)
{
	_cleanup_free_ char *info = read_attribute(configfd, item, "info");
	char *path = info ? strstr(info, " File: ") : NULL, *end;

	if (!path || is_disabled(configfd, item))
		return NULL;
	path += strlen(" File: ");
	end = strstr(path, "  Size: ");
	if (end)
		*end = '\0';
	return find_by_path(search, path);
}

/* "…  Major: 8 Minor: 16  CLAIMED: IBLOCK", or twice 0; iblock_show_configfs_dev_params() in
 * drivers/target/target_core_iblock.c. Its udev_path is whatever was written. */
static const struct stack_node *find_of_iblock(
	const struct search *search, int configfd, const char *item)
{
	_cleanup_free_ char *info = read_attribute(configfd, item, "info");
	const char *devnum = info ? strstr(info, " Major: ") : NULL;
	unsigned major, minor;

	if (!devnum || sscanf(devnum, " Major: %u Minor: %u", &major, &minor) != 2)
		return NULL;
	return stack_by_devnum(&search->stack, makedev(major, minor));
}

static const struct stack_node *find_of_gadget(
	const struct search *search, int configfd, const char *item)
{
	return find_by_attribute(search, configfd, item, "file");
}

/* The kernel's name; o2hb_region_dev_show() in fs/ocfs2/cluster/heartbeat.c. */
static const struct stack_node *find_of_heartbeat(
	const struct search *search, int configfd, const char *item)
{
	_cleanup_free_ char *name = read_attribute(configfd, item, "dev");

	if (!name)
		return NULL;
	name[strcspn(name, "\n")] = '\0';
	return stack_by_name(&search->stack, name);
}

static const struct kind kinds[] = {
	{ { { "nvmet/subsystems", "" }, { "namespaces", "" } }, find_of_nvmet },
	{ { { "target/core", "fileio_" }, { "", "" } }, find_of_fileio },
	{ { { "target/core", "iblock_" }, { "", "" } }, find_of_iblock },
	{ { { "usb_gadget", "" }, { "functions", "mass_storage." }, { "", "lun." } },
		find_of_gadget },
	{ { { "cluster", "" }, { "heartbeat", "" } }, find_of_heartbeat },
};

static int find_item(struct search *search, int configfd, const struct kind *kind, const char *path)
{
	const struct stack_node *node = kind->find(search, configfd, path);

	return node ? search_add(search, "holder", node, path, 0) : 0;
}

/* What is not there, or no directory, has no items. */
static int find_below(struct search *search, int configfd, const struct kind *kind,
	const struct level *level, const char *above)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char directory[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	int r = 0;

	if (!level->directory)
		return find_item(search, configfd, kind, above);
	if (!join(directory, above, level->directory))
		return 0;
	dir = open_directory_at(configfd, directory);
	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
			strncmp(entry->d_name, level->prefix, strlen(level->prefix)) == 0 &&
			join(path, directory, entry->d_name))
			r = find_below(search, configfd, kind, level + 1, path);
	return r;
}

static int find_all(struct search *search, int configfd)
{
	int r = 0;

	search->targets_seen = true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		r = find_below(search, configfd, &kinds[i], kinds[i].levels, "");
	return r;
}

int search_mounted_targets(struct search *search, const char *process, const struct mount *mount)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX];
	struct stat st;

	if (search->targets_seen || strcmp(mount->root, "/") != 0 ||
		snprintf(path, sizeof(path), "%s/root%s", process, mount->point) >= PATH_MAX)
		return 0;
	dir = open_directory_at(search->procfd, path);
	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;
	/* Something else can be mounted over it. */
	if (fstat(dirfd(dir), &st) < 0 || st.st_dev != mount->devnum)
		return 0;
	return find_all(search, dirfd(dir));
}

/* Asking for a type that the kernel does not know would load its module. */
static bool is_known(const struct search *search)
{
	_cleanup_free_ char *types = NULL;
	size_t length;

	return read_file_at(search->procfd, "filesystems", FILESYSTEMS_MAX, &types, &length) == 0 &&
	       strstr(types, "\tconfigfs\n");
}

int search_targets(struct search *search)
{
	_cleanup_close_ int fs = -1, mount = -1;

	if (!is_known(search))
		return 0;
	/* A mount of no namespace's, gone once it is closed. */
	fs = (int)syscall(SYS_fsopen, "configfs", FSOPEN_CLOEXEC);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return 0;
	mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? 0 : find_all(search, mount);
}
