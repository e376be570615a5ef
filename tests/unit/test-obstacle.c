/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host-shim/lib/obstacle.h: which device of QEMU's is in the way, by what it says. */
#include "test.h"

#include "obstacle.h"

#define REFUSED                                                                              \
	"Cannot attach /a.img to domain vm: internal error: unable to execute QEMU command " \
	"'device_add': "

static void test_the_alias_is_read_from_what_qemu_says(void **state)
{
	static const struct {
		const char *refusal, *alias;
	} cases[] = {
		{ REFUSED "Duplicate device ID 'ua-hotslot-foo'", "ua-hotslot-foo" },
		{ REFUSED "lun already used by 'ua-others'", "ua-others" },
		{ REFUSED "lun already used by 'scsi0-0-0-0'; more", "scsi0-0-0-0" },
		{ REFUSED "lun already used by ''", NULL },
		{ REFUSED "lun already used by ", NULL },
		{ REFUSED "Duplicate nodes with node-name='libvirt-3-storage'", NULL },
		{ REFUSED "Failed to get \"write\" lock", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *alias = obstacle_read_alias(cases[i].refusal);

		print_message("%s\n", cases[i].refusal);
		if (cases[i].alias) {
			assert_non_null(alias);
			assert_string_equal(alias, cases[i].alias);
		} else {
			assert_null(alias);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_alias_is_read_from_what_qemu_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
