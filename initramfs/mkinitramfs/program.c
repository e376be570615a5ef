/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs and the shared libraries that they need, as their own ELF interpreter finds them. */
#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "log.h"
#include "util.h"

/* Program headers of an ELF file; real ones have about a dozen. */
#define PROGRAM_HEADERS_MAX 64

static int fail(const char *what, const char *path, int error)
{
	log_error("cannot %s %s: %s", what, path, strerror(-error));
	return error;
}

enum library_result library_parse(char *line, char **ret)
{
	char *arrow, *path, *end;

	line += strspn(line, " \t");
	arrow = strstr(line, " => ");
	path = arrow ? arrow + strlen(" => ") : line;
	if (arrow && !strncmp(path, "not found", strlen("not found"))) {
		*arrow = '\0';
		*ret = line;
		return LIBRARY_MISSING;
	}
	if (*path != '/')
		return LIBRARY_NONE;
	end = strstr(path, " (0x");
	if (!end)
		return LIBRARY_NONE;
	*end = '\0';
	*ret = path;
	return LIBRARY_FOUND;
}

/* Reads the name of the interpreter out of an ELF file. RET (PATH_MAX bytes) is empty for any
 * other file and for a static program. Returns -ENOEXEC for a program of another architecture. */
static int read_interpreter(int fd, char *ret)
{
	ElfW(Phdr) headers[PROGRAM_HEADERS_MAX];
	ElfW(Ehdr) elf;
	ssize_t size;

	*ret = '\0';
	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf) || memcmp(elf.e_ident, ELFMAG, SELFMAG))
		return 0;
	if (elf.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
		elf.e_phentsize != sizeof(headers[0]) || elf.e_phnum > PROGRAM_HEADERS_MAX)
		return -ENOEXEC;
	size = (ssize_t)(elf.e_phnum * sizeof(headers[0]));
	if (pread(fd, headers, (size_t)size, (off_t)elf.e_phoff) != size)
		return -ENOEXEC;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		if (headers[i].p_type != PT_INTERP)
			continue;
		if (headers[i].p_filesz < 2 || headers[i].p_filesz > PATH_MAX)
			return -ENOEXEC;
		size = (ssize_t)headers[i].p_filesz;
		if (pread(fd, ret, (size_t)size, (off_t)headers[i].p_offset) != size ||
			ret[size - 1] != '\0')
			return -ENOEXEC;
	}
	return 0;
}

/* A library that the builder's processor picks out of glibc-hwcaps/x86-64-v3 is none that every
 * guest's processor can use: takes the plain one of the same name. */
static void leave_hwcaps(char *path)
{
	char plain[PATH_MAX];
	char *hwcaps = strstr(path, "/glibc-hwcaps/");
	char *name = hwcaps ? strchr(hwcaps + strlen("/glibc-hwcaps/"), '/') : NULL;

	if (!name)
		return;
	if ((size_t)snprintf(plain, sizeof(plain), "%.*s%s", (int)(hwcaps - path), path, name) <
			sizeof(plain) &&
		access(plain, R_OK) == 0)
		strcpy(path, plain); /* it is shorter */
}

/* Adds a file at its real place, and the symlink that PATH is at PATH. */
static int add_real(struct image *image, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL), *copy = strdup(path), *directory = NULL;
	char link[PATH_MAX];
	int r;

	if (!copy)
		return -ENOMEM;
	directory = realpath(dirname(copy), NULL);
	if (!real || !directory)
		return fail("find", path, -errno);
	if ((size_t)snprintf(link, sizeof(link), "%s/%s", directory, strrchr(path, '/') + 1) >=
		sizeof(link))
		return -ENAMETOOLONG;
	r = image_add_file(image, real, real, 0755);
	if (r == 0 && strcmp(link, real))
		r = image_add_symlink(image, link, real);
	return r;
}

/* The appliance has no ld.so.cache: a library that is elsewhere than the interpreter's own
 * libraries gets a link beside them, where it is always looked for. */
static int add_library(struct image *image, const char *library, const char *directory)
{
	char link[PATH_MAX];
	int r = add_real(image, library);

	if (r < 0 || !*directory)
		return r;
	if ((size_t)snprintf(link, sizeof(link), "%s%s", directory, strrchr(library, '/')) >=
		sizeof(link))
		return -ENAMETOOLONG;
	return strcmp(link, library) ? image_add_symlink(image, link, library) : 0;
}

static bool is_libc(const char *library)
{
	return !strncmp(strrchr(library, '/'), "/libc.", strlen("/libc."));
}

/* The directory of the C library, which every interpreter searches; empty if there is none. */
static void find_libc(char *list, char *ret)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *line, *library;

	*ret = '\0';
	while ((line = strsep(&rest, "\n")))
		if (library_parse(line, &library) == LIBRARY_FOUND && is_libc(library) &&
			strlen(library) < PATH_MAX)
			strcpy(ret, dirname(library));
}

static int add_libraries(struct image *image, const char *program, char *list)
{
	char directory[PATH_MAX];
	char *line, *library;
	int r;

	find_libc(list, directory);
	while ((line = strsep(&list, "\n"))) {
		switch (library_parse(line, &library)) {
		case LIBRARY_NONE:
			continue;
		case LIBRARY_MISSING:
			log_error("%s needs the library %s, which is not on this machine", program,
				library);
			return -ENOENT;
		case LIBRARY_FOUND:
			leave_hwcaps(library);
			r = add_library(image, library, directory);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int spawn_list(const char *interpreter, const char *program, int output, pid_t *ret)
{
	char *argv[] = { (char *)interpreter, (char *)"--list", (char *)program, NULL };
	char *environment[] = { (char *)"LC_ALL=C", NULL }; /* the guest has no LD_LIBRARY_PATH */
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(ret, interpreter, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Runs "INTERPRETER --list PROGRAM". The caller frees *ret. */
static int list_libraries(const char *interpreter, const char *program, char **ret)
{
	_cleanup_close_ int reader = -1, writer = -1;
	_cleanup_free_ char *list = NULL;
	size_t length;
	int ends[2], status, r;
	char path[32];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	r = spawn_list(interpreter, program, writer, &pid);
	if (r < 0)
		return r;
	close(steal_fd(&writer));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader);
	r = read_file_at(AT_FDCWD, path, SSIZE_MAX / 4, &list, &length);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (r < 0)
		return r;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -ENOEXEC;
	*ret = steal_pointer(list);
	return 0;
}

int program_add(struct image *image, const char *path, const char *source)
{
	_cleanup_free_ char *real = realpath(source, NULL), *list = NULL;
	_cleanup_close_ int fd = real ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	char interpreter[PATH_MAX];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail("read", source, -errno);
	r = S_ISREG(st.st_mode) ? read_interpreter(fd, interpreter) : -EISDIR;
	if (r < 0)
		return fail("use", source, r);
	r = image_add_file(image, path, real, st.st_mode & 0111 ? 0755 : 0644);
	if (r < 0 || !*interpreter)
		return r;
	r = list_libraries(interpreter, real, &list);
	if (r < 0)
		return fail("list the libraries of", source, r);
	r = add_real(image, interpreter);
	return r < 0 ? r : add_libraries(image, source, list);
}
