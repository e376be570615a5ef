/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of QEMU's block nodes are one disk's. */
#include "test.h"

#include "block-nodes.h"

#define NODE(name, file) "{\"node-name\":\"" name "\",\"file\":\"" file "\"}"
#define OVERLAY(name, file, backing) \
	"{\"node-name\":\"" name "\",\"file\":\"" file "\",\"backing_file\":\"" backing "\"}"
#define IMAGE(n, file) NODE("libvirt-" #n "-format", file) "," NODE("libvirt-" #n "-storage", file)

static const char nodes_text[] =
	"[" NODE("#block1", "/a") "," IMAGE(1, "/a") "," OVERLAY("libvirt-2-format", "json:{}",
		"/base") "," NODE("libvirt-2-storage", "/top") "," IMAGE(3, "/base") ","
	/* Its backing file is open elsewhere; the next number is another image's. */
	OVERLAY("libvirt-4-format", "/b", "/base") "," NODE("libvirt-4-storage", "/b") "," IMAGE(
		5, "/c") ",7,{},{\"node-name\":7}," NODE("libvirt-6-format", "/a") "]";

static json_t *load_nodes(void)
{
	json_t *nodes = json_loads(nodes_text, 0, NULL);

	assert_non_null(nodes);
	return nodes;
}

static void test_a_disk_has_its_image_and_the_backing_files_behind_it(void **state)
{
	static const struct {
		const char *top;
		unsigned first, count; /* 0: there is none */
	} cases[] = {
		{ "libvirt-1-format", 1, 1 },
		{ "libvirt-2-format", 2, 2 },
		{ "libvirt-3-format", 3, 1 },
		{ "libvirt-4-format", 4, 1 },
		{ "libvirt-7-format", 0, 0 },
		{ "libvirt-1-storage", 0, 0 },
		{ "libvirt-01-format", 0, 0 },
		{ "libvirt-1-formatted", 0, 0 },
		{ "libvirt-4294967297-format", 0, 0 },
		{ "libvirt--1-format", 0, 0 },
		{ "#block1", 0, 0 },
		{ "", 0, 0 },
	};
	json_t *nodes = load_nodes();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct block_chain chain = {};
		int r = block_chain_find(nodes, cases[i].top, &chain);

		assert_int_equal(r, cases[i].count ? 0 : -ENOENT);
		assert_int_equal(chain.first, cases[i].first);
		assert_int_equal(chain.count, cases[i].count);
	}
	json_decref(nodes);
}

static void test_an_image_has_the_nodes_whose_storage_it_is(void **state)
{
	json_t *nodes = load_nodes();
	struct block_chain chain;
	size_t start = 0;

	(void)state;
	assert_int_equal(block_chain_next(nodes, "/top", &start, &chain), 0);
	assert_int_equal(chain.first, 2);
	assert_int_equal(chain.count, 2);
	assert_int_equal(block_chain_next(nodes, "/top", &start, &chain), -ENOENT);
	/* The other one of it has no storage. */
	start = 0;
	assert_int_equal(block_chain_next(nodes, "/a", &start, &chain), 0);
	assert_int_equal(chain.first, 1);
	assert_int_equal(block_chain_next(nodes, "/a", &start, &chain), -ENOENT);
	start = 0;
	assert_int_equal(block_chain_next(nodes, "json:{}", &start, &chain), -ENOENT);
	json_decref(nodes);
}

static void test_a_chain_without_an_end_ends(void **state)
{
	json_t *nodes = json_array();
	struct block_chain chain;

	(void)state;
	for (int i = 1; i <= 2 * BLOCK_CHAIN_MAX; i++) {
		char name[64];

		snprintf(name, sizeof(name), "libvirt-%d-format", i);
		json_array_append_new(nodes, json_pack("{s:s, s:s, s:s}", "node-name", name, "file",
						     "/a", "backing_file", "/a"));
	}
	assert_int_equal(block_chain_find(nodes, "libvirt-1-format", &chain), 0);
	assert_int_equal(chain.count, BLOCK_CHAIN_MAX);
	json_decref(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_has_its_image_and_the_backing_files_behind_it),
		cmocka_unit_test(test_an_image_has_the_nodes_whose_storage_it_is),
		cmocka_unit_test(test_a_chain_without_an_end_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
