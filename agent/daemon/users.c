/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses a disk: mounts, swap, device-mapper, md and loop devices, the kernel's
 * targets, processes. */
#include "users.h"

#include <fcntl.h>
#include <string.h>

#include "encode.h"
#include "users-search.h"
#include "util.h"

/* A line for each of at most 32 swaps (MAX_SWAPFILES) with a path in it. */
#define SWAPS_MAX (256 * 1024)

/* Encodes as much of TEXT as fits in SIZE bytes. */
static int encode(const char *text, char *ret, size_t size)
{
	size_t length = strlen(text), encoded_length;
	_cleanup_free_ char *encoded = malloc(4 * length + 1);

	if (!encoded)
		return -ENOMEM;
	/* A byte takes at most four: leaving out a quarter of what is too much is never too
	 * much, and ends. */
	for (;;) {
		text_encode(text, length, encoded);
		encoded_length = strlen(encoded);
		if (encoded_length < size)
			break;
		length -= (encoded_length - size) / 4 + 1;
	}
	memcpy(ret, encoded, encoded_length + 1);
	return 0;
}

static void read_process_name(int procfd, pid_t pid, char *ret, size_t size)
{
	char path[PROCESS_PATH_SIZE], name[64];

	snprintf(path, sizeof(path), "%d/comm", pid);
	if (read_attr_at(procfd, path, name, sizeof(name)) < 0 || encode(name, ret, size) < 0)
		ret[0] = '\0';
}

/* What a person would call the device: its name in /dev/mapper, else the kernel's. */
static const char *name_of(const struct stack_node *node)
{
	return node->mapper[0] ? node->mapper : node->name;
}

int search_add(struct search *search, const char *kind, const struct stack_node *node,
	const char *what, pid_t pid)
{
	bool holds = strcmp(kind, "holder") == 0; /* then it is what is named */
	struct disk_user *user;
	int r = 0;

	if (search->count++ >= search->max)
		return 0;
	user = &search->users[search->count - 1];
	*user = (struct disk_user){ .pid = pid };
	strcpy(user->kind, kind);
	strcpy(user->device, node->device);
	if (!holds && strcmp(node->name, node->device) != 0)
		r = encode(name_of(node), user->through, sizeof(user->through));
	if (pid > 0)
		read_process_name(search->procfd, pid, user->process, sizeof(user->process));
	return r < 0 ? r : encode(what, user->what, sizeof(user->what));
}

static int find_holders(struct search *search)
{
	for (size_t i = 0; i < search->stack.n; i++) {
		const struct stack_node *node = &search->stack.nodes[i];
		int r;

		if (!node->top)
			continue;
		r = search_add(search, "holder", node, name_of(node), 0);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A mounted btrfs names only one of its devices in mountinfo, and has all of them in sysfs. */
static int find_in_btrfs(struct search *search, const char *uuid)
{
	for (size_t i = 0; i < search->stack.n; i++) {
		const struct stack_node *node = &search->stack.nodes[i];
		char path[NAME_MAX + DISK_NAME_SIZE + 32], what[NAME_MAX + 8];
		int r;

		snprintf(path, sizeof(path), "fs/btrfs/%s/devices/%s", uuid, node->name);
		if (faccessat(search->sysfd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		snprintf(what, sizeof(what), "btrfs %s", uuid);
		r = search_add(search, "holder", node, what, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_btrfs(struct search *search)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(search->sysfd, "fs/btrfs");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = find_in_btrfs(search, entry->d_name);
	return r;
}

static int find_swaps(struct search *search)
{
	_cleanup_free_ char *data = NULL;
	char *rest, *line;
	size_t length;
	int r = 0;

	if (read_file_at(search->procfd, "swaps", SWAPS_MAX, &data, &length) < 0)
		return 0; /* a kernel without swap */
	rest = data;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		const struct stack_node *node;

		line[strcspn(line, " \t")] = '\0';
		node = stack_by_node(&search->stack, line);
		if (node)
			r = search_add(search, "swap", node, line, 0);
	}
	return r;
}

static int find_all(struct search *search)
{
	int r;

	/* Our own mount namespace is where people look first. */
	if ((r = search_targets(search)) < 0 || (r = search_own_mounts(search)) < 0 ||
		(r = search_processes(search, search_mounts)) < 0 || (r = find_swaps(search)) < 0 ||
		(r = find_holders(search)) < 0 || (r = find_btrfs(search)) < 0 ||
		(r = search_unmounted(search)) < 0)
		return r;
	return search_processes(search, search_open_files);
}

int disk_users_find(int procfd, int sysfd, const char *dev_dir, pid_t self, const struct disk *disk,
	const struct partition *partitions, size_t n, struct disk_user *ret, size_t max,
	size_t *ret_count)
{
	struct search search = {
		.procfd = procfd,
		.sysfd = sysfd,
		.self = self,
		.disk = disk,
		.users = ret,
		.max = max,
	};
	int r;

	r = stack_find(sysfd, dev_dir, disk, partitions, n, &search.stack);
	if (r < 0)
		return r;
	r = find_all(&search);
	stack_done(&search.stack);
	freep(&search.namespaces);
	if (r < 0)
		return r;
	*ret_count = search.count;
	return 0;
}
