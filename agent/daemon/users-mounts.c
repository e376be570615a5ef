/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts of a disk in every mount namespace, and what a mounted configfs says. */
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "mountinfo.h"
#include "users-search.h"
#include "util.h"

/* A mount takes about 100 bytes in mountinfo, and the kernel allows 100,000 in a namespace
 * (fs.mount-max). */
#define MOUNTINFO_MAX (16 * 1024 * 1024)

/* Btrfs has device numbers of its own making. Of no other file system is the source believed: it
 * is whatever the mount call said. */
static struct stack_node *find_mounted(const struct stack *stack, const struct mount *mount)
{
	if (major(mount->devnum) == 0)
		return strcmp(mount->type, "btrfs") == 0 ? stack_by_path(stack, mount->source)
							 : NULL;
	return stack_by_devnum(stack, mount->devnum);
}

static int find_mount(struct search *search, const char *process, pid_t pid, char *line)
{
	struct stack_node *node;
	struct mount mount;

	if (mount_parse(line, &mount) < 0)
		return 0;
	if (strcmp(mount.type, "configfs") == 0)
		return search_mounted_targets(search, process, &mount);
	node = find_mounted(&search->stack, &mount);
	if (!node)
		return 0;
	node->mounted = true;
	return search_add(search, "mount", node, mount.point, pid);
}

/* PID is who is named as their user. */
static int find_mounts(struct search *search, const char *process, pid_t pid)
{
	_cleanup_free_ char *data = NULL;
	char path[PROCESS_PATH_SIZE], *rest, *line;
	size_t length;
	int r = 0;

	snprintf(path, sizeof(path), "%s/mountinfo", process);
	/* A process that is ending has no namespace any more. */
	if (read_file_at(search->procfd, path, MOUNTINFO_MAX, &data, &length) < 0)
		return 0;
	rest = data;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = find_mount(search, process, pid, line);
	return r;
}

/* Returns 1 if the namespace was not seen before, 0 if it was. */
static int note_namespace(struct search *search, const char *namespace)
{
	size_t n = search->n_namespaces;
	void *grown;

	for (size_t i = 0; i < n; i++)
		if (strcmp(search->namespaces[i], namespace) == 0)
			return 0;
	grown = realloc(search->namespaces, (n + 1) * sizeof(*search->namespaces));
	if (!grown)
		return -ENOMEM;
	search->namespaces = grown;
	strcpy(search->namespaces[search->n_namespaces++], namespace);
	return 1;
}

static int find_new_mounts(struct search *search, const char *process, pid_t pid)
{
	char path[PROCESS_PATH_SIZE], namespace[NAMESPACE_SIZE];
	ssize_t n;
	int r;

	snprintf(path, sizeof(path), "%s/ns/mnt", process);
	n = readlinkat(search->procfd, path, namespace, sizeof(namespace) - 1);
	if (n < 0)
		return 0;
	namespace[n] = '\0';
	r = note_namespace(search, namespace);
	return r <= 0 ? r : find_mounts(search, process, pid);
}

int search_own_mounts(struct search *search)
{
	return find_new_mounts(search, "self", 0);
}

/* A thread can have left the namespace of its process, whom DATA points to. */
static int find_mounts_of_thread(struct search *search, pid_t thread, void *data)
{
	const pid_t *pid = data;
	char process[PROCESS_PATH_SIZE / 2];

	snprintf(process, sizeof(process), "%d/task/%d", *pid, thread);
	return find_new_mounts(search, process, *pid);
}

int search_mounts(struct search *search, pid_t pid, void *unused)
{
	char process[16];
	int r;

	(void)unused;
	snprintf(process, sizeof(process), "%d", pid);
	r = find_new_mounts(search, process, pid);
	return r < 0 ? r : search_threads(search, pid, find_mounts_of_thread, &pid);
}

/* File systems have a directory for each that there is, by the kernel's name of its device: ext4,
 * xfs, f2fs. One that was unmounted lazily, or is mounted in a namespace that has no process, is in
 * no mountinfo, and has it still. */
static int find_unmounted(struct search *search, const char *type)
{
	for (size_t i = 0; i < search->stack.n; i++) {
		const struct stack_node *node = &search->stack.nodes[i];
		char path[NAME_MAX + DISK_NAME_SIZE + 8];
		int r;

		snprintf(path, sizeof(path), "fs/%s/%s", type, node->name);
		if (node->mounted || faccessat(search->sysfd, path, F_OK, 0) < 0)
			continue;
		r = search_add(search, "exclusive", node, type, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

int search_unmounted(struct search *search)
{
	_cleanup_closedir_ DIR *dir = open_directory_at(search->sysfd, "fs");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOMEM ? -ENOMEM : 0;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = find_unmounted(search, entry->d_name);
	return r;
}
