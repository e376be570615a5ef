/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* initramfs/init/module-parameters.h: which module is told what. */
#include "test.h"

#include "module-parameters.h"

static void test_only_scsi_mod_is_told_of_qemus_disks(void **state)
{
	(void)state;
	assert_non_null(
		strstr(module_parameters("/usr/lib/modules/6.1/kernel/drivers/scsi/scsi_mod.ko"),
			"\"QEMU:QEMU HARDDISK:0x20002000\""));
	assert_string_equal(module_parameters("scsi_mod.ko"),
		module_parameters("/usr/lib/modules/6.1/kernel/drivers/scsi/scsi_mod.ko"));
	assert_string_equal(module_parameters("drivers/scsi/sd_mod.ko"), "");
	assert_string_equal(module_parameters("drivers/scsi_mod.ko/other.ko"), "");
	assert_string_equal(module_parameters(""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_scsi_mod_is_told_of_qemus_disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
