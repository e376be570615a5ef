/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are registered with io_uring: it keeps them when they have no descriptor any more. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "users-search.h"
#include "util.h"

/* A ring that submits or registers does not tell its files, and nothing tells when it is done: it
 * is asked every millisecond, for longer than most of that takes. Only so many are waited for: a
 * process may have a thousand. */
#define RING_MS 50
#define PAUSE_MS 1
#define BUSY_RINGS_MAX 10

struct ring_files {
	bool told;   /* that there are COUNT */
	bool listed; /* some of them, or free places */
	unsigned count;
};

/* The last name in a line of the list, "    0: sdb"; from Linux 6.13 on it has the path. */
static const char *name_in(char *line)
{
	char *name, *slash;
	int start = 0;

	sscanf(line, " %*u: %n", &start);
	if (start == 0)
		return NULL;
	name = line + start;
	name[strcspn(name, "\n")] = '\0';
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

/* The list of files stands among others, of what is submitted and of what is completed. */
static const struct stack_node *find_in_list(
	const struct stack *stack, FILE *file, struct ring_files *ret)
{
	const struct stack_node *node = NULL;
	_cleanup_free_ char *line = NULL;
	const char *name;
	size_t size = 0;

	while (!ret->told && getline(&line, &size, file) > 0)
		ret->told = sscanf(line, "UserFiles: %u", &ret->count) == 1;
	while (!node && getline(&line, &size, file) > 0 && (name = name_in(line))) {
		ret->listed = true;
		node = stack_by_name(stack, name);
	}
	return node;
}

/* From Linux 6.15 on a busy ring tells nothing at all, and free places are not listed. Before it
 * tells how many there are, and lists none. */
static bool is_told(int procfd, const struct ring_files *files)
{
	unsigned version = 0, minor = 0;
	char release[64];

	if (!files->told || files->count == 0 || files->listed)
		return files->told;
	return read_attr_at(procfd, "sys/kernel/osrelease", release, sizeof(release)) >= 0 &&
	       sscanf(release, "%u.%u", &version, &minor) == 2 &&
	       (version > 6 || (version == 6 && minor >= 15));
}

/* Whether the process has ended, or closed it. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH;
}

/* Returns whether it has told. Line by line, as a ring can have a million files and requests. */
static bool ask(struct search *search, const char *path, const struct stack_node **ret)
{
	_cleanup_close_ int fd = openat(search->procfd, path, O_RDONLY | O_CLOEXEC);
	struct ring_files files = {};
	FILE *file;
	bool told;

	*ret = NULL;
	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!file)
		return is_gone(errno);
	steal_fd(&fd);
	errno = 0;
	*ret = find_in_list(&search->stack, file, &files);
	told = ferror(file) ? is_gone(errno) : is_told(search->procfd, &files);
	fclose(file);
	return *ret || told;
}

const struct stack_node *search_ring(struct search *search, const char *path, bool *ret_untold)
{
	uint64_t end = now_ms() + (search->busy_rings < BUSY_RINGS_MAX ? RING_MS : 0);
	const struct stack_node *node;
	bool told;

	while (!(told = ask(search, path, &node)) && now_ms() < end)
		poll(NULL, 0, PAUSE_MS);
	if (!told) {
		search->busy_rings++;
		*ret_untold = true;
	}
	return node;
}
