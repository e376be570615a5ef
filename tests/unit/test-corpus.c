/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers have found once is taken, whole, in each build: tests/fuzz/corpus. */
#include "test.h"

#include <dirent.h>
#include <jansson.h>

#include "../fuzz/targets.h"

#define CORPUS "tests/fuzz/corpus"

/* As large as a target's input may be. */
#define INPUT_MAX (1024 * 1024)

/* Returns how many there are. */
static size_t replay(const struct fuzz_target *target)
{
	_cleanup_closedir_ DIR *directory = NULL;
	struct dirent *entry;
	char path[PATH_MAX];
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/" CORPUS "/%s", getenv("SRC"), target->name);
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		_cleanup_free_ char *data = NULL;
		size_t length;

		if (entry->d_name[0] == '.')
			continue;
		print_message("%s/%s\n", target->name, entry->d_name);
		assert_int_equal(
			read_file_at(dirfd(directory), entry->d_name, INPUT_MAX, &data, &length),
			0);
		target->run(data, length);
		n++;
	}
	return n;
}

static void test_every_input_of_every_corpus(void **state)
{
	(void)state;
	if (!getenv("SRC"))
		skip(); /* not run by tests/run */
	json_object_seed(1);
	for (const struct fuzz_target *target = fuzz_targets; target->name; target++) {
		target->run("", 0);
		assert_true(replay(target) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_input_of_every_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
