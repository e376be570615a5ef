/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk, its partitions, and every block device that stands on them. */
#include "users-stack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "loop-device.h"
#include "util.h"

/* "class/block/", two names and what stands between and after them. */
#define PATH_SIZE (2 * DISK_NAME_SIZE + 64)

/* The next entry that can be a block device's name. */
static const char *next_name(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < DISK_NAME_SIZE)
			return entry->d_name;
	return NULL;
}

const struct stack_node *stack_by_name(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->n; i++)
		if (strcmp(stack->nodes[i].name, name) == 0)
			return &stack->nodes[i];
	return NULL;
}

static int append(struct stack *stack, const char *name, dev_t devnum, const char *device)
{
	struct stack_node *node;

	if (stack->n == STACK_MAX)
		return -E2BIG;
	if ((stack->n & (stack->n - 1)) == 0) { /* full at each power of two */
		size_t capacity = stack->n ? 2 * stack->n : 1;
		void *grown = realloc(stack->nodes, capacity * sizeof(*stack->nodes));

		if (!grown)
			return -ENOMEM;
		stack->nodes = grown;
	}
	node = &stack->nodes[stack->n++];
	*node = (struct stack_node){ .devnum = devnum };
	strcpy(node->name, name);
	strcpy(node->device, device);
	return 0;
}

static int read_devnum(int dirfd, const char *path, dev_t *ret)
{
	unsigned major, minor;
	char text[32];
	int r = read_attr_at(dirfd, path, text, sizeof(text));

	if (r < 0)
		return r;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EBADMSG;
	*ret = makedev(major, minor);
	return 0;
}

/* Adds a device that stands on the one at index BELOW, or is a partition of it. One that goes away
 * just now is none. */
static int add(int sysfd, struct stack *stack, const char *name, size_t below, bool top)
{
	char path[PATH_SIZE], device[DISK_NAME_SIZE];
	struct stack_node *node;
	dev_t devnum;
	int r;

	if (stack_by_name(stack, name))
		return 0;
	snprintf(path, sizeof(path), "class/block/%s/dev", name);
	if (read_devnum(sysfd, path, &devnum) < 0)
		return 0;
	/* The array moves as it grows. A partition of the disk is at the bottom, too. */
	strcpy(device, below == 0 && !top ? name : stack->nodes[below].device);
	r = append(stack, name, devnum, device);
	if (r < 0)
		return r;
	node = &stack->nodes[stack->n - 1];
	node->top = top;
	snprintf(path, sizeof(path), "class/block/%s/dm/name", name);
	if (read_attr_at(sysfd, path, node->mapper, sizeof(node->mapper)) < 0)
		node->mapper[0] = '\0';
	return 0;
}

static int add_holders(int sysfd, struct stack *stack, size_t below)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_SIZE];
	const char *name;
	int r;

	snprintf(path, sizeof(path), "class/block/%s/holders", stack->nodes[below].name);
	dir = open_directory_at(sysfd, path);
	while (dir && (name = next_name(dir))) {
		stack->nodes[below].top = false;
		r = add(sysfd, stack, name, below, true);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What stands on a disk can have partitions, too. Those of the disk are asked for even if the
 * caller has a list: the kernel may have found one that no uevent has told of yet. */
static int add_partitions(int sysfd, struct stack *stack, size_t below)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_SIZE];
	const char *name;
	int r;

	snprintf(path, sizeof(path), "class/block/%s", stack->nodes[below].name);
	dir = open_directory_at(sysfd, path);
	while (dir && (name = next_name(dir))) {
		snprintf(path, sizeof(path), "%s/partition", name);
		if (faccessat(dirfd(dir), path, F_OK, 0) < 0)
			continue;
		r = add(sysfd, stack, name, below, false);
		if (r < 0)
			return r;
	}
	return 0;
}

void stack_strip_deleted(char *path)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(path), n = strlen(suffix);

	if (length > n && strcmp(path + length - n, suffix) == 0)
		path[length - n] = '\0';
}

static bool is_file(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 &&
	       S_ISREG(st.stx_mode);
}

/* FILE can be another mount namespace's, or gone, or too long to be told: then the loop device is
 * asked. One that is a file here is not, as the file's server may be dead. */
static const struct stack_node *find_below_loop(int sysfd, const char *dev_dir,
	const struct stack *stack, const char *name, const char *file)
{
	const struct stack_node *node = stack_by_node(stack, file);
	char path[PATH_SIZE];
	dev_t devnum, below;

	if (node || !dev_dir || is_file(file))
		return node;
	snprintf(path, sizeof(path), "class/block/%s/dev", name);
	if (read_devnum(sysfd, path, &devnum) < 0 ||
		loop_device_below(dev_dir, name, devnum, &below) < 0)
		return NULL;
	return stack_by_devnum(stack, below);
}

/* Loop devices are no holders to the kernel: each says what file it stands on. */
static int add_loops(int sysfd, const char *dev_dir, struct stack *stack)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(sysfd, "block");
	const char *name;
	int r;

	while (dir && (name = next_name(dir))) {
		char path[PATH_SIZE], file[PATH_MAX];
		const struct stack_node *below;

		if (strncmp(name, "loop", strlen("loop")) != 0 || stack_by_name(stack, name))
			continue;
		snprintf(path, sizeof(path), "%s/loop/backing_file", name);
		r = read_attr_at(dirfd(dir), path, file, sizeof(file));
		if (r == -ENOENT)
			continue;
		if (r < 0) /* a path that is too long to be told */
			file[0] = '\0';
		stack_strip_deleted(file);
		below = find_below_loop(sysfd, dev_dir, stack, name, file);
		if (!below)
			continue;
		r = add(sysfd, stack, name, (size_t)(below - stack->nodes), true);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory with one device in it. */
static void add_generic(int sysfd, struct stack *stack, const char *disk, const char *subsystem)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_SIZE];
	const char *name;

	snprintf(path, sizeof(path), "class/block/%s/device/%s", disk, subsystem);
	dir = open_directory_at(sysfd, path);
	name = dir ? next_name(dir) : NULL;
	if (!name)
		return;
	snprintf(path, sizeof(path), "%s/dev", name);
	if (read_devnum(dirfd(dir), path, &stack->generics[stack->n_generics]) == 0)
		stack->n_generics++;
}

static int add_bottom(
	struct stack *stack, const struct disk *disk, const struct partition *partitions, size_t n)
{
	int r = append(stack, disk->name, disk->devnum, disk->name);

	for (size_t i = 0; i < n && r == 0; i++)
		r = append(stack, partitions[i].name, partitions[i].devnum, partitions[i].name);
	return r;
}

/* Breadth first, and once nothing is left, what loop devices add. */
static int add_upper(int sysfd, const char *dev_dir, struct stack *stack)
{
	size_t i = 0;
	int r;

	do {
		for (; i < stack->n; i++) {
			r = add_holders(sysfd, stack, i);
			if (r < 0)
				return r;
			r = add_partitions(sysfd, stack, i);
			if (r < 0)
				return r;
		}
		r = add_loops(sysfd, dev_dir, stack);
		if (r < 0)
			return r;
	} while (i < stack->n);
	return 0;
}

int stack_find(int sysfd, const char *dev_dir, const struct disk *disk,
	const struct partition *partitions, size_t n, struct stack *ret)
{
	struct stack stack = { .nodes = NULL };
	int r;

	add_generic(sysfd, &stack, disk->name, "scsi_generic");
	add_generic(sysfd, &stack, disk->name, "bsg");
	r = add_bottom(&stack, disk, partitions, n);
	if (r == 0)
		r = add_upper(sysfd, dev_dir, &stack);
	if (r < 0) {
		stack_done(&stack);
		return r;
	}
	*ret = stack;
	return 0;
}

struct stack_node *stack_by_devnum(const struct stack *stack, dev_t devnum)
{
	for (size_t i = 0; i < stack->n; i++)
		if (stack->nodes[i].devnum == devnum)
			return &stack->nodes[i];
	return NULL;
}

/* Whether the LENGTH bytes at PATH end in SUFFIX. */
static bool ends_in(const char *path, size_t length, const char *suffix)
{
	size_t n = strlen(suffix);

	return length >= n && memcmp(path + length - n, suffix, n) == 0;
}

struct stack_node *stack_by_path(const struct stack *stack, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t directory = slash ? (size_t)(slash - path) : 0;
	bool device = ends_in(path, directory, "/dev");
	bool mapper = ends_in(path, directory, "/dev/mapper");

	for (size_t i = 0; i < stack->n && (device || mapper); i++) {
		struct stack_node *node = &stack->nodes[i];

		if (strcmp(device ? node->name : node->mapper, slash + 1) == 0)
			return node;
	}
	return NULL;
}

const struct stack_node *stack_by_generic(const struct stack *stack, dev_t devnum)
{
	for (size_t i = 0; i < stack->n_generics; i++)
		if (stack->generics[i] == devnum)
			return &stack->nodes[0];
	return NULL;
}

const struct stack_node *stack_by_node(const struct stack *stack, const char *path)
{
	const struct stack_node *node = stack_by_path(stack, path);
	struct statx st;

	if (node || path[0] != '/' ||
		statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0 ||
		!S_ISBLK(st.stx_mode))
		return node;
	return stack_by_devnum(stack, makedev(st.stx_rdev_major, st.stx_rdev_minor));
}

void stack_done(struct stack *stack)
{
	freep(&stack->nodes);
	*stack = (struct stack){ .nodes = NULL };
}
