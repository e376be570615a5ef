/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When two texts of a source are one image's, and when they are not. */
#include "test.h"

#include "source-compare.h"

#define IQN "iqn.2026-01.org.example:vol"

static const struct {
	const char *a, *b;
	bool same;
} cases[] = {
	{ "/a", "/a", true },
	{ "/a", "/b", false },
	{ "nbd://h/e", "nbd://h:10809/e", true },
	{ "nbd://Store.example/e", "nbd://store.EXAMPLE/e", true },
	{ "nbd://h/e", "nbds://h/e", true },
	{ "nbd://h/e", "nbd://h:10810/e", false },
	{ "nbd://h/e", "nbd://h/f", false },
	{ "nbd://h/e", "nbd://h/E", false },
	{ "nbd://h", "nbd://h/", true },
	{ "nbd://h/%65", "nbd://h/e", true },
	{ "nbd://[::1]/e", "nbd://[0:0::1]/e", true },
	{ "nbd://[::1]/e", "nbd://[::2]/e", false },
	{ "nbd://[::1]/e", "nbd://127.0.0.1/e", false },
	{ "nbd+unix:///e?socket=/s", "nbds+unix:///e?socket=/s", true },
	{ "nbd+unix:///e?socket=/s", "nbd+unix:///e?socket=/t", false },
	{ "nbd+unix:///e?socket=/s", "nbd://h/e", false },
	{ "iscsi://a/" IQN "/1", "iscsi://b:3261/IQN.2026-01.org.example:VOL/1", true },
	{ "iscsi://a/" IQN "/1", "iscsi://a/" IQN "/2", false },
	{ "iscsi://a/" IQN "/1", "iscsi://a/" IQN "2/1", false },
	{ "iscsi://a/" IQN "/1", "iscsi://a/" IQN "/11", false },
	{ "rbd:p/i", "rbd://m/p/i", true },
	{ "rbd://m,n:6789/p/i", "rbd://N:3300,o/p/i", true },
	{ "rbd://m/p/i", "rbd://n/p/i", false },
	{ "rbd:p/i", "rbd:p/j", false },
	{ "rbd:p/i", "rbd:p/i@s", false },
	{ "rbd:p/i@s", "rbd://m/p/i@s", true },
	{ "nvme://0:1:0.0/1", "nvme://0000:01:00.0/2", false },
	{ "volume:p/v", "volume:p/V", false },
	/* What is no text of source.h is compared as it is. */
	{ "rbd://m/p/n/i", "rbd:p/n/i", false },
	{ "ssh:/a", "ssh:/a", true },
	{ "ssh:/a", "/a", false },
};

static void test_two_texts_can_be_one_image(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s, %s\n", cases[i].a, cases[i].b);
		assert_int_equal(source_is_same(cases[i].a, cases[i].b, true), cases[i].same);
		assert_int_equal(source_is_same(cases[i].b, cases[i].a, false), cases[i].same);
	}
}

static void test_a_file_of_this_host_can_have_two_names(void **state)
{
	_cleanup_free_ char *a = NULL, *b = NULL, *other = NULL, *one = NULL, *two = NULL;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	put_text(&tree, "a", "");
	put_link(&tree, "b", "a");
	assert_true(asprintf(&a, "%s/a", tree.path) > 0);
	assert_true(asprintf(&b, "%s/b", tree.path) > 0);
	assert_true(asprintf(&other, "%s/other", tree.path) > 0);
	assert_true(asprintf(&one, "nbd+unix:///e?socket=%s", a) > 0);
	assert_true(asprintf(&two, "nbd+unix:///e?socket=%s", b) > 0);
	assert_true(source_is_same(a, b, true));
	assert_false(source_is_same(a, b, false));
	assert_true(source_is_same(one, two, true));
	assert_false(source_is_same(one, two, false));
	assert_true(source_is_same(other, other, true));
	assert_false(source_is_same(a, other, true));
	assert_false(source_is_same("nbd://h/e", a, true));
	remove_tree(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_texts_can_be_one_image),
		cmocka_unit_test(test_a_file_of_this_host_can_have_two_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
