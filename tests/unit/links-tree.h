/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A /dev and two mirrors of it in a temporary directory, for the tests of links. */
#pragma once

#include "test.h"

#include <sys/sysmacros.h>

#include "links.h"

#define SDA makedev(8, 0)
#define SDB makedev(8, 16)

static struct tree tree;
static struct links links;

static inline void put_directory(const char *path)
{
	assert_int_equal(mkdirat(tree.fd, path, 0755), 0);
}

static inline void put_node(const char *path, dev_t devnum, mode_t mode)
{
	unlinkat(tree.fd, path, 0);
	if (mknodat(tree.fd, path, S_IFBLK, devnum) < 0)
		skip(); /* only root may */
	assert_int_equal(fchmodat(tree.fd, path, mode, 0), 0);
}

static inline void open_links(bool owner)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dev", tree.path);
	assert_int_equal(links_open(path, owner, &links), 0);
	snprintf(path, sizeof(path), "%s/one", tree.path);
	assert_int_equal(links_add_mirror(&links, path), 0);
	snprintf(path, sizeof(path), "%s/two", tree.path);
	assert_int_equal(links_add_mirror(&links, path), 0);
	assert_int_equal(links_make_trees(&links), 0);
}

static inline int set_up(void **state)
{
	(void)state;
	make_tree(&tree);
	put_directory("dev");
	put_directory("one");
	put_directory("two");
	links.dev = -1;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	links_close(&links);
	remove_tree(&tree);
	return 0;
}

/* Where a link below the tree leads; "" if there is none. */
static inline const char *target(const char *path)
{
	static char text[PATH_MAX];
	ssize_t n = readlinkat(tree.fd, path, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static inline void check_node(const char *path, dev_t devnum, mode_t mode)
{
	struct stat st;

	assert_int_equal(fstatat(tree.fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFBLK | mode);
	assert_int_equal(st.st_rdev, devnum);
}

static inline void check_group(const char *path, gid_t group)
{
	struct stat st;

	assert_int_equal(fstatat(tree.fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_gid, group);
}

static inline bool exists(const char *path)
{
	return faccessat(tree.fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void move(const char *from, const char *to)
{
	assert_int_equal(renameat(tree.fd, from, tree.fd, to), 0);
}
