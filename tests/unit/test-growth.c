/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structs of the API that grow: each version has a size of its own, since that tells them
 * apart. A member that fits into the padding of the last one would be read from callers who never
 * set it. Whoever adds a member changes the size here, or adds a member more. */
#include "test.h"

#include "hotslot.h"
#include "options.h"

struct size {
	const char *name;
	size_t now;
	size_t expected; /* of 64-bit systems */
};

#define SIZE(type, expected)                           \
	{                                              \
#type, sizeof(struct type), (expected) \
	}

static const struct size sizes[] = {
	SIZE(hotslot_agent_info, 224),
	SIZE(hotslot_attach_options, 104),
	SIZE(hotslot_backend_options, 128),
	SIZE(hotslot_detach_options, 72),
	SIZE(hotslot_resize_options, 24),
	SIZE(hotslot_launch_options, 160),
	SIZE(hotslot_shutdown_options, 16),
};

static void test_a_struct_that_has_grown_has_another_size(void **state)
{
	(void)state;
	if (sizeof(void *) != 8)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		print_message("%s\n", sizes[i].name);
		assert_int_equal(sizes[i].now, sizes[i].expected);
	}
}

/* A caller that was built with the struct as it was before its last member. */
static void test_what_an_older_caller_left_in_its_padding_is_not_read(void **state)
{
	struct hotslot_launch_options theirs, ours;

	(void)state;
	memset(&theirs, 0xff, sizeof(theirs));
	theirs.size = offsetof(struct hotslot_launch_options, reserve);
	options_copy(&ours, sizeof(ours), &theirs);
	assert_int_equal(ours.timeout_ms, UINT_MAX);
	assert_int_equal(ours.reserve, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_struct_that_has_grown_has_another_size),
		cmocka_unit_test(test_what_an_older_caller_left_in_its_padding_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
