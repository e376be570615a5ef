/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of an ELF interpreter's --list, which hotslot-mkinitramfs reads. */
#include "test.h"

#include "../../initramfs/mkinitramfs/program.h"

struct line {
	const char *line;
	enum library_result result;
	const char *library;
};

static const struct line lines[] = {
	{ "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f3a5a000000)", LIBRARY_FOUND,
		"/lib/x86_64-linux-gnu/libc.so.6" },
	{ "\t/lib64/ld-linux-x86-64.so.2 (0x00007f3a5a3c5000)", LIBRARY_FOUND,
		"/lib64/ld-linux-x86-64.so.2" },
	{ "\t/lib/a.so => /usr/lib/a.so (0x00007f3a5a3c5000)", LIBRARY_FOUND, "/usr/lib/a.so" },
	{ "libz.so.1 => /opt/a b/libz.so.1 (0x0000000000000000)", LIBRARY_FOUND,
		"/opt/a b/libz.so.1" },
	{ "\tlibnone.so.1 => not found", LIBRARY_MISSING, "libnone.so.1" },
	{ "\tlinux-vdso.so.1 (0x00007ffd1b5f2000)", LIBRARY_NONE, NULL },
	{ "\tlinux-gate.so.1 =>  (0x00007ffd1b5f2000)", LIBRARY_NONE, NULL },
	{ "\tstatically linked", LIBRARY_NONE, NULL },
	{ "", LIBRARY_NONE, NULL },
	{ " \t ", LIBRARY_NONE, NULL },
	{ "\tlibc.so.6 => ", LIBRARY_NONE, NULL },
	{ "\tlibc.so.6 => /lib/libc.so.6", LIBRARY_NONE, NULL },
	{ "\tlibc.so.6 => lib/libc.so.6 (0x00007f3a5a000000)", LIBRARY_NONE, NULL },
};

static void test_a_line_names_a_library_a_missing_one_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *copy = strdup(lines[i].line);
		char *library = NULL;

		print_message("%s\n", lines[i].line);
		assert_int_equal(library_parse(copy, &library), lines[i].result);
		if (lines[i].library)
			assert_string_equal(library, lines[i].library);
		else
			assert_null(library);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_names_a_library_a_missing_one_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
