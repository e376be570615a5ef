/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/mirror.h: mirrors that are absent, become another directory, or are hostile. */
#include "links-tree.h"

static bool keep_none(void *data, const char *name, const char *node)
{
	(void)data, (void)name, (void)node;
	return false;
}

static bool keep_none_of_nodes(void *data, const char *node)
{
	(void)data, (void)node;
	return false;
}

static void test_a_mirror_that_is_absent_takes_nothing_away(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	move("one", "aside");
	assert_int_equal(unlinkat(tree.fd, "two", AT_REMOVEDIR), 0);
	put_text(&tree, "two", "a file");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	assert_false(links_look_at_mirrors(&links, true));
	move("aside", "one");
	assert_false(links_check(&links, "disk/by-slot/0", SDA));
	assert_true(links_look_at_mirrors(&links, false));
	assert_false(links_look_at_mirrors(&links, true));
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	assert_string_equal(target("one/disk/by-slot/0"), "../../sda");
	move("one", "aside");
	assert_true(links_look_at_mirrors(&links, false));
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
}

static void test_another_directory_in_the_place_of_a_mirror_is_noticed(void **state)
{
	(void)state;
	open_links(true);
	assert_true(exists("one/disk/by-slot"));
	assert_false(links_look_at_mirrors(&links, true));
	move("one", "aside");
	put_directory("one");
	assert_true(links_look_at_mirrors(&links, false));
	assert_true(exists("one/disk/by-serial"));
	assert_false(links_look_at_mirrors(&links, true));
	/* As if it had the same number as before. */
	move("one/disk", "one/old");
	assert_true(links_look_at_mirrors(&links, false));
	assert_true(exists("one/disk/by-serial"));
}

static void test_what_has_failed_is_made_again_when_asked_to(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	put_directory("two/sda");
	put_text(&tree, "two/sda/file", "");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_false(links_look_at_mirrors(&links, false));
	assert_true(links_look_at_mirrors(&links, true));
	move("two/sda", "two/aside");
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_false(links_look_at_mirrors(&links, true));
}

/* What "one" leads to through LINK, a name in it, stays as it is. */
static void check_not_followed(const char *link, const char *to)
{
	const struct link_pruning pruning = { keep_none, keep_none_of_nodes, NULL };

	put_link(&tree, link, to);
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_string_equal(target("dev/disk/by-slot/0"), "../../sda");
	assert_false(links_check(&links, "disk/by-slot/0", SDA));
	links_make(&links, "disk/by-slot/2", "sda", SDA);
	links_remove(&links, "disk/by-slot/2", "sda");
	links_prune(&links, &pruning);
	assert_string_equal(target(link), to);
	assert_string_equal(target("outside/by-slot/1"), "../../sdb");
	assert_false(exists("outside/by-slot/0"));
	assert_false(exists("outside/by-serial"));
}

static void test_a_link_in_the_place_of_a_directory_is_not_followed(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0660);
	put_link(&tree, "outside/by-slot/1", "../../sdb");
	check_not_followed("one/disk", "../outside");
	links_close(&links);
	assert_int_equal(unlinkat(tree.fd, "one/disk", 0), 0);
	put_directory("one/disk");
	check_not_followed("one/disk/by-slot", "../../outside/by-slot");
	links_close(&links);
	assert_int_equal(unlinkat(tree.fd, "one/disk/by-slot", 0), 0);
	move("one", "aside");
	put_link(&tree, "one", "outside");
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	assert_false(exists("outside/disk"));
}

static void test_a_link_in_the_place_of_a_node_is_not_followed(void **state)
{
	struct stat st;

	(void)state;
	put_node("dev/sda", SDA, 0666);
	put_text(&tree, "file", "");
	assert_int_equal(fchmodat(tree.fd, "file", 0600, 0), 0);
	put_link(&tree, "one/sda", "../file");
	put_link(&tree, "one/.hotslot-node", "../file");
	put_link(&tree, "two/disk/by-slot/0", "../../../file");
	open_links(true);
	assert_false(links_check(&links, "disk/by-slot/0", SDA));
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	assert_true(links_check(&links, "disk/by-slot/0", SDA));
	check_node("one/sda", SDA, 0666);
	assert_int_equal(fstatat(tree.fd, "file", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	/* Nor is it taken for the device that it leads to. */
	put_node("sdx", SDA, 0600);
	put_link(&tree, "one/sda", "../sdx");
	assert_false(links_check(&links, "disk/by-slot/0", SDA));
	links_refresh_node(&links, "sda", SDA);
	check_node("sdx", SDA, 0600);
}

static void test_a_node_gets_what_udevd_has_given_the_one_in_dev(void **state)
{
	(void)state;
	put_node("dev/sda", SDA, 0600);
	open_links(true);
	assert_int_equal(links_make(&links, "disk/by-slot/0", "sda", SDA), 0);
	put_node("dev/sda", SDA, 0660);
	assert_int_equal(fchownat(tree.fd, "dev/sda", 0, 6, 0), 0);
	links_refresh_node(&links, "sda", SDB);
	check_node("one/sda", SDA, 0600);
	links_refresh_node(&links, "sda", SDA);
	check_node("one/sda", SDA, 0660);
	check_group("one/sda", 6);
	assert_false(exists("one/sdb"));
}

#define with_tree(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		with_tree(test_a_mirror_that_is_absent_takes_nothing_away),
		with_tree(test_another_directory_in_the_place_of_a_mirror_is_noticed),
		with_tree(test_what_has_failed_is_made_again_when_asked_to),
		with_tree(test_a_link_in_the_place_of_a_directory_is_not_followed),
		with_tree(test_a_link_in_the_place_of_a_node_is_not_followed),
		with_tree(test_a_node_gets_what_udevd_has_given_the_one_in_dev),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
