/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the files of turns are. */
#include "test.h"

#include "turn-file.h"

/* Root is often in no session, and sessions come and go: all of root's processes meet. */
static void test_all_processes_of_a_user_find_the_same_place(void **state)
{
	static const struct {
		const char *runtime;
		unsigned uid;
		const char *first, *second;
	} cases[] = {
		{ NULL, 0, "/run", NULL },
		{ "", 0, "/run", NULL },
		{ "/run/user/0", 0, "/run", NULL },
		{ "/run/user/0//", 0, "/run", NULL },
		{ "/run/user/01", 0, "/run/user/01", "/run" },
		{ "/run/user/1000", 0, "/run/user/1000", "/run" },
		{ "/tmp/x", 0, "/tmp/x", "/run" },
		{ NULL, 1000, "/run/user/1000", NULL },
		{ "tmp", 1000, "/run/user/1000", NULL },
		{ "/run/user/0", 1000, "/run/user/0", "/run/user/1000" },
		{ "/tmp/x", 1000, "/tmp/x", "/run/user/1000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char base[TURN_BASE_SIZE];
		int r;

		print_message("%s %u\n", cases[i].runtime, cases[i].uid);
		assert_int_equal(turn_file_base(cases[i].runtime, cases[i].uid, false, base), 0);
		assert_string_equal(base, cases[i].first);
		r = turn_file_base(cases[i].runtime, cases[i].uid, true, base);
		assert_int_equal(r, cases[i].second ? 0 : -ENOENT);
		if (r == 0)
			assert_string_equal(base, cases[i].second);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_processes_of_a_user_find_the_same_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
