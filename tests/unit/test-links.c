/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/links.h: the links of disks in a directory and in its mirrors. */
#include "test.h"

#include <sys/sysmacros.h>

#include "links.h"

#define SDA makedev(8, 0)
#define SDB makedev(8, 16)

static struct tree tree;
static struct links links;

static void put_directory(const char *path)
{
	assert_int_equal(mkdirat(tree.fd, path, 0755), 0);
}

static void put_node(const char *path, dev_t devnum, mode_t mode)
{
	unlinkat(tree.fd, path, 0);
	if (mknodat(tree.fd, path, S_IFBLK, devnum) < 0)
		skip(); /* only root may */
	assert_int_equal(fchmodat(tree.fd, path, mode, 0), 0);
}

static void open_links(bool owner)
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

static int set_up(void **state)
{
	(void)state;
	make_tree(&tree);
	put_directory("dev");
	put_directory("one");
	put_directory("two");
	links.dev = -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	links_close(&links);
	remove_tree(&tree);
	return 0;
}

/* Where a link below the tree leads; "" if there is none. */
static const char *target(const char *path)
{
	static char text[PATH_MAX];
	ssize_t n = readlinkat(tree.fd, path, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void check_node(const char *path, dev_t devnum, mode_t mode)
{
	struct stat st;

	assert_int_equal(fstatat(tree.fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode, S_IFBLK | mode);
	assert_int_equal(st.st_rdev, devnum);
}

static bool exists(const char *path)
{
	return faccessat(tree.fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_a_mirror_has_the_link_and_its_node(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0640);
	open_links(true);
	assert_false(links_check(&links, "disk/by-slot/3", SDA));
	assert_int_equal(links_make(&links, "disk/by-slot/3", "sda", SDA), 0);
	assert_string_equal(target("dev/disk/by-slot/3"), "../../sda");
	assert_string_equal(target("one/disk/by-slot/3"), "../../sda");
	check_node("two/sda", SDA, 0640);
	assert_true(links_check(&links, "disk/by-slot/3", SDA));
	assert_false(links_check(&links, "disk/by-slot/3", SDB));
	links_remove(&links, "disk/by-slot/3", "sda");
	assert_false(exists("dev/disk/by-slot/3"));
	assert_false(exists("one/disk/by-slot/3"));
	assert_true(exists("one/sda"));
	links_remove_node(&links, "sda", SDB);
	assert_true(exists("one/sda"));
	links_remove_node(&links, "sda", SDA);
	assert_false(exists("one/sda"));
	assert_true(exists("dev/sda"));
}

static void test_a_node_of_another_device_is_replaced(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	put_node("one/sda", SDB, 0600);
	put_text(&tree, "two/sda", "a file");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	check_node("one/sda", SDA, 0660);
	check_node("two/sda", SDA, 0660);
	/* The mode follows what udevd has made of it. */
	put_node("dev/sda", SDA, 0600);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	check_node("one/sda", SDA, 0600);
}

static void test_one_mirror_that_fails_makes_the_check_fail(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	put_directory("two/sda"); /* in the way */
	put_text(&tree, "two/sda/file", "");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_string_equal(target("dev/disk/by-slot/0"), "../../sda");
	assert_string_equal(target("one/disk/by-slot/0"), "../../sda");
	assert_false(exists("two/disk/by-slot/0"));
	assert_false(links_check(&links, "disk/by-slot/0", SDA));
	assert_int_equal(unlinkat(tree.fd, "two/sda/file", 0), 0);
	assert_int_equal(unlinkat(tree.fd, "two/sda", AT_REMOVEDIR), 0);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
}

static void test_a_node_that_has_gone_is_not_mirrored(void **state)
{
	(void)state;
	put_node("dev/sda", SDB, 0660);
	put_link(&tree, "one/disk/by-slot/0", "../../sdx");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_false(exists("one/sda"));
	assert_false(exists("one/disk/by-slot/0"));
}

static void test_where_udevd_owns_the_links_mirrors_follow_it(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	open_links(false);
	assert_false(exists("dev/disk"));
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_false(exists("one/disk/by-slot/0"));
	put_link(&tree, "dev/disk/by-slot/0", "../../sda");
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	links_remove(&links, "disk/by-slot/0", "sda");
	assert_true(exists("dev/disk/by-slot/0"));
	assert_false(exists("one/disk/by-slot/0"));
}

static void test_the_same_directory_is_only_checked(void **state)
{
	char path[PATH_MAX];

	(void)state;
	put_node("dev/sda", SDA, 0600);
	snprintf(path, sizeof(path), "%s/dev", tree.path);
	assert_int_equal(links_open(path, true, &links), 0);
	assert_int_equal(links_add_mirror(&links, path), 0);
	assert_int_equal(links_make_trees(&links), 0);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	links_remove_node(&links, "sda", SDA);
	assert_true(exists("dev/sda"));
}

static void test_a_mirror_must_be_a_directory_and_there_is_a_last_one(void **state)
{
	char path[PATH_MAX];

	(void)state;
	put_text(&tree, "file", "");
	open_links(true);
	snprintf(path, sizeof(path), "%s/file", tree.path);
	assert_int_equal(links_add_mirror(&links, path), -ENOTDIR);
	assert_int_equal(links_add_mirror(&links, "/nonexistent"), -ENOENT);
	while (links.n_mirrors < MIRRORS_MAX)
		assert_int_equal(links_add_mirror(&links, tree.path), 0);
	assert_int_equal(links_add_mirror(&links, tree.path), -E2BIG);
}

static bool keep_link(void *data, const char *name)
{
	(void)data;
	return !strcmp(name, "disk/by-slot/1");
}

static bool keep_node(void *data, const char *node)
{
	(void)data;
	return !strcmp(node, "sdb");
}

static void test_pruning_takes_the_nodes_of_pruned_links_along(void **state)
{
	const struct link_pruning pruning = { keep_link, keep_node, NULL };

	(void)state;
	put_link(&tree, "one/disk/by-slot/1", "../../sda");
	put_link(&tree, "one/disk/by-slot/2", "../../sdb");
	put_link(&tree, "one/disk/by-serial/x", "../../sdc");
	put_link(&tree, "one/disk/by-serial/y", "../../loop0");
	put_link(&tree, "one/disk/by-serial/z", "../../../sdd");
	put_link(&tree, "dev/disk/by-slot/2", "../../sdb");
	put_node("dev/sdb", SDB, 0600);
	put_node("one/sda", SDA, 0600);
	put_node("one/sdb", SDB, 0600);
	put_node("one/sdc", makedev(8, 32), 0600);
	put_node("one/loop0", makedev(7, 0), 0600);
	put_node("sdd", makedev(8, 48), 0600);
	open_links(true);
	links_prune(&links, &pruning);
	assert_true(exists("one/disk/by-slot/1"));
	assert_false(exists("one/disk/by-slot/2"));
	assert_false(exists("one/disk/by-serial/y"));
	assert_false(exists("dev/disk/by-slot/2"));
	assert_true(exists("one/sda"));
	assert_true(exists("one/sdb"));
	assert_false(exists("one/sdc"));
	assert_true(exists("one/loop0"));
	assert_true(exists("sdd"));
	assert_true(exists("dev/sdb"));
}

#define with_tree(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_tree(test_a_mirror_has_the_link_and_its_node),
		with_tree(test_a_node_of_another_device_is_replaced),
		with_tree(test_one_mirror_that_fails_makes_the_check_fail),
		with_tree(test_a_node_that_has_gone_is_not_mirrored),
		with_tree(test_where_udevd_owns_the_links_mirrors_follow_it),
		with_tree(test_the_same_directory_is_only_checked),
		with_tree(test_a_mirror_must_be_a_directory_and_there_is_a_last_one),
		with_tree(test_pruning_takes_the_nodes_of_pruned_links_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
