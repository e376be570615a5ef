/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* agent/identity/mountinfo.h: lines of /proc/PID/mountinfo. */
#include "test.h"

#include <sys/sysmacros.h>

#include "mountinfo.h"

static void test_a_line_is_parsed(void **state)
{
	char line[] = "36 35 8:17 /mnt1 /mnt/data rw,noatime master:1 shared:3 - ext4 /dev/sdb1 "
		      "rw,errors=continue\n";
	struct mount mount;

	(void)state;
	assert_int_equal(mount_parse(line, &mount), 0);
	assert_int_equal(mount.devnum, makedev(8, 17));
	assert_string_equal(mount.root, "/mnt1");
	assert_string_equal(mount.point, "/mnt/data");
	assert_string_equal(mount.type, "ext4");
	assert_string_equal(mount.source, "/dev/sdb1");
	assert_string_equal(mount.options, "rw,errors=continue");
}

static void test_a_line_without_optional_fields_is_parsed(void **state)
{
	char line[] = "1 0 0:2 / / rw - rootfs rootfs rw";
	struct mount mount;

	(void)state;
	assert_int_equal(mount_parse(line, &mount), 0);
	assert_int_equal(mount.devnum, makedev(0, 2));
	assert_string_equal(mount.point, "/");
	assert_string_equal(mount.type, "rootfs");
}

static void test_escaped_bytes_are_themselves_again(void **state)
{
	char line[] = "36 35 8:1 / /mnt/a\\040b\\011c\\012d\\134e\\9 rw - ext4 /dev/x\\040y "
		      "rw,lowerdir=/a\\040b";
	struct mount mount;

	(void)state;
	assert_int_equal(mount_parse(line, &mount), 0);
	assert_string_equal(mount.point, "/mnt/a b\tc\nd\\e\\9");
	assert_string_equal(mount.source, "/dev/x y");
	assert_string_equal(mount.options, "rw,lowerdir=/a b");
}

static void test_what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = { "", "36", "36 35 8:1 / /mnt rw",
		"36 35 8:1 / /mnt rw -", "36 35 8:1 / /mnt rw - ext4",
		"36 35 8:1 / /mnt rw - ext4 /dev/sda",
		"36 35 8:1 / /mnt rw shared:1 ext4 /dev/sda rw",
		"36 35 8 / /mnt rw - ext4 /dev/sda rw", "36 35 8:x / /mnt rw - ext4 /dev/sda rw",
		"36 35 8:1x / /mnt rw - ext4 /dev/sda rw" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *line = strdup(lines[i]);
		struct mount mount;

		assert_int_equal(mount_parse(line, &mount), -EBADMSG);
	}
}

static void check_option(const char *options, const char *key, const char *expected)
{
	size_t length = 0;
	const char *value = mount_option(options, key, &length);

	if (!expected) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(value, expected, length);
}

static void test_an_option_is_found_by_its_whole_name(void **state)
{
	static const char options[] = "rw,lowerdir=/a:/b,upperdir=/c,workdir=/d,empty=,e\\,=f";

	(void)state;
	check_option(options, "lowerdir", "/a:/b");
	check_option(options, "upperdir", "/c");
	check_option(options, "workdir", "/d");
	check_option(options, "empty", "");
	check_option(options, "dir", NULL);
	check_option(options, "lower", NULL);
	check_option(options, "rw", NULL);
	check_option("", "rw", NULL);
	check_option("lowerdir=/a\\,upperdir=/x,upperdir=/y", "upperdir", "/y");
	check_option("lowerdir=/a\\", "lowerdir", "/a\\");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_parsed),
		cmocka_unit_test(test_a_line_without_optional_fields_is_parsed),
		cmocka_unit_test(test_escaped_bytes_are_themselves_again),
		cmocka_unit_test(test_what_is_no_line_is_refused),
		cmocka_unit_test(test_an_option_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
