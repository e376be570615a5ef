/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/links.h: the links of disks in a directory and in its mirrors. */
#include "links-tree.h"

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

static void test_an_unwanted_link_goes_wherever_it_leads(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	put_node("dev/sdb", SDB, 0660);
	put_link(&tree, "one/disk/by-serial/s", "../../sdb");
	put_link(&tree, "two/disk/by-serial/s", "/etc/motd");
	open_links(false);
	assert_int_equal(links_make(&links, "disk/by-serial/s", "sda", SDA), 0);
	assert_false(exists("one/disk/by-serial/s"));
	assert_false(exists("two/disk/by-serial/s"));
	/* But not what udevd has made of another disk. */
	put_link(&tree, "dev/disk/by-serial/s", "../../sdb");
	assert_int_equal(links_make(&links, "disk/by-serial/s", "sdb", SDB), 0);
	links_remove(&links, "disk/by-serial/s", "sda");
	assert_string_equal(target("one/disk/by-serial/s"), "../../sdb");
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

static void test_there_is_a_last_mirror(void **state)
{
	(void)state;
	open_links(true);
	while (links.n_mirrors < MIRRORS_MAX)
		assert_int_equal(links_add_mirror(&links, tree.path), 0);
	assert_int_equal(links_add_mirror(&links, tree.path), -E2BIG);
}

static bool keep_link(void *data, const char *name, const char *node)
{
	(void)data;
	return !strcmp(name, "disk/by-slot/1") && node && !strcmp(node, "sda");
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
	put_link(&tree, "two/disk/by-slot/1", "../../sdb");
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
	assert_false(exists("two/disk/by-slot/1"));
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
		with_tree(test_an_unwanted_link_goes_wherever_it_leads),
		with_tree(test_there_is_a_last_mirror),
		with_tree(test_pruning_takes_the_nodes_of_pruned_links_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
