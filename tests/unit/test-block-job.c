/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which block job is under way, and what ends it, in words. */
#include "test.h"

#include "block-job.h"

static const struct {
	virDomainBlockJobInfo info;
	const char *what, *ends;
} cases[] = {
	{ { .type = VIR_DOMAIN_BLOCK_JOB_TYPE_COPY, .cur = 5, .end = 5 },
		"a block copy (100 % done)",
		"'virsh blockjob vm sda' with --pivot or --abort ends it" },
	{ { .type = VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT, .cur = 1, .end = 3 },
		"an active block commit (33 % done)",
		"'virsh blockjob vm sda' with --pivot or --abort ends it" },
	{ { .type = VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT, .cur = 0, .end = 3 },
		"a block commit (0 % done)",
		"it ends by itself, 'virsh blockjob vm sda --abort' ends it before" },
	/* Nothing is known of its size yet. */
	{ { .type = VIR_DOMAIN_BLOCK_JOB_TYPE_PULL }, "a block pull",
		"it ends by itself, 'virsh blockjob vm sda --abort' ends it before" },
	{ { .type = VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP, .cur = UINT64_MAX, .end = UINT64_MAX },
		"a backup (100 % done)",
		"whoever makes it ends it when it is done, 'virsh domjobabort vm' before" },
	/* Of a libvirt to come. */
	{ { .type = 99, .cur = 7, .end = 3 }, "a block job",
		"it ends by itself, 'virsh blockjob vm sda --abort' ends it before" },
};

static void test_a_job_is_told_with_what_ends_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct block_job job;

		block_job_describe(&cases[i].info, "vm", "sda", &job);
		assert_string_equal(job.what, cases[i].what);
		assert_string_equal(job.ends, cases[i].ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_job_is_told_with_what_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
