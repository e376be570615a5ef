/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/daemon/users-stack.h: all that is searched, flushed and watched of a disk. */
#include "test.h"

#include <sys/sysmacros.h>

#include "users-stack.h"

/* The agent has not heard of sdb3 yet. What stands on it is named with it, and not with the disk.
 */
static void test_a_partition_that_only_the_kernel_knows_is_found(void **state)
{
	const struct disk disk = { .name = "sdb", .devnum = makedev(8, 16) };
	const struct partition known = { .number = 2, .name = "sdb2", .devnum = makedev(8, 18) };
	struct stack stack;
	struct tree tree;

	(void)state;
	make_tree(&tree);
	put_text(&tree, "class/block/sdb/sdb2/partition", "2\n");
	put_text(&tree, "class/block/sdb/sdb3/partition", "3\n");
	put_text(&tree, "class/block/sdb/queue/partition", "not a device\n");
	put_text(&tree, "class/block/sdb2/dev", "8:18\n");
	put_text(&tree, "class/block/sdb3/dev", "8:19\n");
	put_link(&tree, "class/block/sdb3/holders/dm-0", "../x");
	put_text(&tree, "class/block/dm-0/dev", "253:0\n");
	assert_int_equal(stack_find(tree.fd, NULL, &disk, &known, 1, &stack), 0);
	assert_int_equal(stack.n, 4);
	assert_string_equal(stack_by_name(&stack, "sdb2")->device, "sdb2");
	assert_string_equal(stack_by_devnum(&stack, makedev(8, 19))->device, "sdb3");
	assert_string_equal(stack_by_name(&stack, "dm-0")->device, "sdb3");
	assert_true(stack_by_name(&stack, "dm-0")->top);
	assert_false(stack_by_name(&stack, "sdb3")->top);
	stack_done(&stack);
	remove_tree(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_partition_that_only_the_kernel_knows_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
