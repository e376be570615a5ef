/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees of files and repeatable numbers for the unit tests. */
#include "test.h"

#include <ftw.h>
#include <time.h>

/* Directories that are open at a time while a tree is removed. */
#define WALK_DESCRIPTORS 16

void make_tree(struct tree *tree)
{
	strcpy(tree->path, "/tmp/hotslot-unit.XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->fd >= 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void remove_tree(struct tree *tree)
{
	close(tree->fd);
	assert_int_equal(nftw(tree->path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS), 0);
}

static void make_parents(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", tree->path, path);
	*strrchr(full, '/') = '\0';
	assert_int_equal(make_directories(full), 0);
}

void put_bytes(const struct tree *tree, const char *path, const void *data, size_t length)
{
	int fd;

	make_parents(tree, path);
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, length), length);
	close(fd);
}

void put_text(const struct tree *tree, const char *path, const char *text)
{
	put_bytes(tree, path, text, strlen(text));
}

int open_below(const struct tree *tree, const char *path)
{
	int fd = openat(tree->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

void put_link(const struct tree *tree, const char *path, const char *target)
{
	make_parents(tree, path);
	unlinkat(tree->fd, path, 0);
	assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

void put_sys_link(const struct tree *tree, const char *top, const char *path, const char *target)
{
	char full[PATH_MAX], relative[PATH_MAX] = "";

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		strcat(relative, "../");
	strcat(relative, target);
	snprintf(full, sizeof(full), "%s/%s", top, path);
	put_link(tree, full, relative);
}

void seed_generator(struct generator *generator)
{
	const char *given = getenv("HOTSLOT_TEST_SEED");

	generator->state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) << 16 ^ getpid();
	print_message("HOTSLOT_TEST_SEED=%llu\n", (unsigned long long)generator->state);
}

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
uint32_t next_number(struct generator *generator, uint32_t bound)
{
	uint64_t z = generator->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 16) % bound;
}
