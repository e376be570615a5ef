/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inserts kernel modules by a list that hotslot-mkinitramfs made. No libkmod: order and
 * dependencies are settled when the image is built, and its libraries would be half of that image.
 */
#include "load.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "log.h"
#include "module-parameters.h"
#include "module-signature.h"
#include "util.h"

/* A thousand modules with paths of 64 bytes. */
#define LIST_MAX 65536

/* How a kernel that insists on signatures refuses a module that has none: module.sig_enforce (by
 * version), lockdown, IMA. */
static bool wants_signature(int r)
{
	return r == -EKEYREJECTED || r == -ENOKEY || r == -EPERM || r == -EACCES;
}

static int insert_signed(int fd, const char *parameters)
{
	return syscall(SYS_finit_module, fd, parameters, 0) < 0 ? -errno : 0;
}

/* Without its signature, unless the kernel insists on it: checking one is most of what inserting
 * costs, and a kernel that takes a module all the same gains nothing by it. */
static int insert_mapped(int fd, const char *module, size_t length, const char *parameters)
{
	size_t unsigned_length = module_unsigned_length(module, length);
	int r;

	if (unsigned_length == length)
		return insert_signed(fd, parameters);
	r = syscall(SYS_init_module, module, unsigned_length, parameters) < 0 ? -errno : 0;
	return wants_signature(r) ? insert_signed(fd, parameters) : r;
}

static int insert(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *parameters = module_parameters(path);
	struct stat st;
	char *module;
	size_t length;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	length = (size_t)st.st_size;
	module = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (module == MAP_FAILED)
		return -errno;
	r = insert_mapped(fd, module, length, parameters);
	if (r == -EINVAL && *parameters)
		r = insert_mapped(fd, module, length, "");
	munmap(module, length);
	return r == -EEXIST ? 0 : r;
}

static int insert_line(const char *tree, const char *line)
{
	bool may_fail = *line == '-';
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", tree, line + may_fail) >= sizeof(path))
		return -ENAMETOOLONG;
	r = insert(path);
	if (r == 0 || may_fail)
		return 0;
	if (r == -ENOENT && access(path, F_OK) < 0)
		log_error("the kernel module %s is not in the initramfs: build it with --module",
			path);
	else
		log_error("cannot insert the kernel module %s: %s", path, strerror(-r));
	return r;
}

/* Cuts LIST down to a part of it. */
static char *cut_list(char *list, enum load_part part)
{
	char *empty = strstr(list, "\n\n");

	if (part == LOAD_ALL)
		return list;
	if (part == LOAD_REST)
		return empty ? empty : strchr(list, '\0');
	if (empty)
		*empty = '\0';
	return list;
}

static int insert_list(const char *tree, char *list)
{
	char *line;
	int r;

	while ((line = strsep(&list, "\n"))) {
		if (!*line)
			continue;
		r = insert_line(tree, line);
		if (r < 0)
			return r;
	}
	return 0;
}

int load_modules(const char *list, enum load_part part)
{
	_cleanup_free_ char *names = NULL;
	struct utsname kernel;
	char tree[PATH_MAX];
	size_t length;
	int r = read_file_at(AT_FDCWD, list, LIST_MAX, &names, &length);

	if (r == -ENOENT)
		return r;
	if (r < 0) {
		log_error("cannot read %s: %s", list, strerror(-r));
		return r;
	}
	uname(&kernel);
	snprintf(tree, sizeof(tree), "/usr/lib/modules/%s", kernel.release);
	if (access(tree, F_OK) < 0) {
		log_error("this initramfs was built for another kernel than this %s: build it with "
			  "hotslot-mkinitramfs -k %s",
			kernel.release, kernel.release);
		return -EINVAL;
	}
	return insert_list(tree, cut_list(names, part));
}
